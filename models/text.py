"""From a headline and a body to the one text the classifier reads, in training and in serving alike."""

from __future__ import annotations

import html
import re

MAX_CHARS = 1_000
"""A model that reads 96 tokens of a text reads no more characters than this; no language needs more."""

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_FULL_WIDTH = {0x3000: 0x20} | {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters and kana, as they stand in a regular expression's brackets."""
_CJK_GAP = re.compile(f"(?<=[{CJK}]) | (?=[{CJK}])")
_SENTENCE_END = frozenset(".!?:;…。！？：；")


def clean(text: str, limit: int = MAX_CHARS) -> str:
    """Make one line of `text`: entities resolved, URLs dropped, white space collapsed, no lone surrogates.

    URLs cost tokens and say nothing of the tone. Of a very long text no more is looked at than it takes to
    fill `limit` characters.
    """
    text = without_surrogates(text[: 4 * limit])
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return " ".join(_URL.sub(" ", text).split())


def without_surrogates(text: str) -> str:
    """Put U+FFFD in place of lone surrogates, which no tokenizer takes."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def model_input(title: str, body: str = "", limit: int = MAX_CHARS) -> str:
    """Join headline and start of the body into what a classifier reads, at most `limit` characters.

    `limit` is the classifier's `max_chars`. A body that begins with the headline again, as feeds often have
    it, is taken without that copy.
    """
    headline, rest = clean(title, limit), clean(body, limit)
    if headline and rest.startswith(headline):
        rest = rest[len(headline) :].lstrip(" .:-–—|")
    if not headline or not rest:
        return (headline or rest)[:limit].rstrip()
    joint = " " if headline[-1] in _SENTENCE_END else ". "
    return (headline + joint + rest)[:limit].rstrip()


def text_key(text: str) -> str:
    """Key under which two texts count as the same: cleaned, case folded, letters and digits only.

    Full-width forms count as their ASCII ones, and gaps beside Chinese characters or kana as none.

    >>> text_key("Shares FALL: 3% https://t.co/x") == text_key("shares fall 3 %")
    True
    >>> text_key("沪指　跌３％，创新低") == text_key("沪指跌3%创新低")
    True
    """
    words = re.findall(r"\w+", clean(text).translate(_FULL_WIDTH).casefold())
    return _CJK_GAP.sub("", " ".join(words))
