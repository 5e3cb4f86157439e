"""Headlines are hostile input: what may be shown of them in a notification, a label or a header."""

from __future__ import annotations

import re
import unicodedata

_MENTION = re.compile(r"@(?=\w)")
_UNSAFE_LABEL = re.compile(r"[^A-Za-z0-9_.:/+-]")


def line(text: str, limit: int) -> str:
    """`text` as one plain line of at most `limit` characters, inert in chat and mail.

    Control characters and direction overrides go, angle brackets (Slack's `<!channel>`, HTML) become
    quotation marks of the same shape, and an at sign no longer mentions anybody.
    """
    spaced = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text[: 4 * limit])
    kept = "".join(c for c in spaced if unicodedata.category(c) not in ("Cf", "Cs", "Co"))
    plain = " ".join(kept.replace("<", "‹").replace(">", "›").split())
    if len(plain) > limit:
        plain = plain[: limit - 1].rstrip() + "…"
    return _MENTION.sub("@\u200b", plain)


def label(text: str) -> str:
    """`text` as a label value or header: ASCII letters, digits and `_.:/+-`, at most 128."""
    return _UNSAFE_LABEL.sub("_", text[:128]) or "_"
