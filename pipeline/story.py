"""Which documents tell the same story, and the hashes that stand for ids and stories in a tally."""

from __future__ import annotations

import hashlib
import unicodedata

_SNIPPET = 300


def hash63(text: str) -> int:
    """Hash a text to 63 bits (BLAKE2b, so the same on every machine), small enough for SQL's BIGINT."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def story_key(title: str, body: str = "") -> int:
    """Key of the story a document tells: equal for copies that differ in case, spacing or punctuation.

    Syndicated items repeat the headline and vary the body, so the headline decides; a document without one
    is known by the start of its body.
    """
    text = unicodedata.normalize("NFKC", title if title.strip() else body[:_SNIPPET]).casefold()
    words = "".join(character if character.isalnum() else " " for character in text).split()
    # A text of emoji or punctuation alone has no words: it is its own story, not everybody's.
    return hash63(" ".join(words) or text)
