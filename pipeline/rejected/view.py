"""Hostile input made harmless for a terminal, and what a person can do about each reason."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from pipeline.records import Reason

ADVICE: Mapping[Reason, str] = {
    "bad_json": "Publish one JSON object a record, in UTF-8. Mend the source, then let it publish anew.",
    "missing_field": "The source must send the field that the detail names; docs/topics.md lists them.",
    "wrong_field": "The source must send the field that the detail names in the form of docs/topics.md.",
    "no_text": "There is nothing to classify. Nothing to do, unless the source drops text on the way.",
    "too_long": "Cut title and body to 100,000 bytes together, then publish it anew.",
    "future_stamp": (
        "Check the clocks of source and worker and the zone of `published_at`; once the time has come, or "
        "`event_time.future_tolerance` is raised, retry it."
    ),
    "ancient_stamp": "Mend `published_at` at the source: stamps before 1900 are refused.",
    "unreadable_row": "Mend the row in the file, or name its columns with --map, and read the file again.",
    "unclassifiable": "The model failed on this text. Retry it with a newer version or another model.",
}
"""What to do about a rejected record, by reason."""

_SHAPING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that a terminal may obey or that hide text: controls, directions, surrogates."""


def printable(text: str) -> str:
    """Text as one harmless line: whatever could steer a terminal or hide text is escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if unicodedata.category(character) not in _SHAPING else _escape(character)
        for character in text
    )


def raw_lines(raw: bytes, limit: int | None = None) -> list[str]:
    """Bytes to look at: as UTF-8 text where that is what they are, line by line, else as a hex dump.

    `limit` is how many characters, or bytes, are shown at most.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return hex_dump(raw[:limit])
    return [printable(line) for line in text[:limit].split("\n")]


def hex_dump(raw: bytes, *, width: int = 16) -> list[str]:
    """Offset, bytes and their ASCII, `width` bytes a line."""
    lines = []
    for start in range(0, len(raw), width):
        row = raw[start : start + width]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:08x}  {row.hex(' '):{3 * width - 1}}  {shown}")
    return lines


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
