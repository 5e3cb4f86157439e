"""Headlines are hostile input: what may be shown of them in a notification, a label or a header."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

_MENTION = re.compile(r"@(?=\w)")
_LINKS = re.compile(r"(?<=\w)(?:\.(?=[^\W\d_]{2})|:(?=//))")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
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


def inert(text: str, limit: int = 1000) -> str:
    """As `line`, and chat programs make no link of it: a zero-width space stands in `evil.example` and `x://`."""
    return _LINKS.sub(lambda found: found[0] + "\u200b", line(text, limit))


def link(url: str) -> str:
    """`url` where it is a plain http(s) address, in ASCII, with nothing that could end one; else nothing."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if (
        parts.scheme not in ("http", "https")
        or not _HOST.fullmatch(host)
        or parts.username
        or len(url) > 2000
    ):
        return ""
    path = quote(parts.path, safe="/%:@+,;=-._~$&")
    query = f"?{quote(parts.query, safe='/%:@+,;=-._~$&?')}" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{path or '/'}{query}"


def label(text: str) -> str:
    """`text` as a label value or header: ASCII letters, digits and `_.:/+-`, at most 128."""
    return _UNSAFE_LABEL.sub("_", text[:128]) or "_"
