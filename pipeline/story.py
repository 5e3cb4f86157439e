"""Which documents tell the same story word for word, and the hashes that stand for ids and stories."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_SNIPPET = 300
_NO_WORD = re.compile(r"[\W_]+")


def hash63(text: str) -> int:
    """Hash a text to 63 bits (BLAKE2b, so the same on every machine), small enough for SQL's BIGINT."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def told(title: str, body: str = "") -> str:
    """What of a document tells its story: the headline, without one the start of the body.

    Syndicated items repeat the headline and vary the body.
    """
    return title if title.strip() else body[:_SNIPPET]


def words(text: str) -> str:
    """The text's words, one space apart, however it is spelled: case, width, spacing, punctuation."""
    return _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def story_key(title: str, body: str = "") -> int:
    """Key of the story a document tells: equal for copies that differ in case, spacing or punctuation."""
    text = told(title, body)
    # A text of emoji or punctuation alone has no words: it is its own story, not everybody's.
    return hash63(words(text) or unicodedata.normalize("NFKC", text).casefold())
