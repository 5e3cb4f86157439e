"""How alike two texts are, in 64 bytes each: MinHash over character shingles, a batch of texts at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.story import told, words

LANES = 64
"""Minima in a signature, a byte each: the share in which two agree estimates the Jaccard similarity."""
BANDS = 8
"""Groups of three lanes, the first of each four; texts that agree in a whole group are compared."""

_ALPHABETIC, _IDEOGRAPHIC = 5, 2
"""Characters of a shingle: about a word in either kind of script."""
_LONGEST = 400
"""Characters of a text that are looked at; the headline is the story, the rest is background."""

_random = np.random.Generator(np.random.PCG64(20080915))
_FACTORS = _random.integers(1, 1 << 32, LANES, dtype=np.uint32) | np.uint32(1)
_TERMS = _random.integers(0, 1 << 32, LANES, dtype=np.uint32)
_POWERS = _random.integers(1, 1 << 32, _ALPHABETIC, dtype=np.uint32) | np.uint32(1)
_MIX = ((np.uint32(16), np.uint32(0x85EBCA6B)), (np.uint32(13), np.uint32(0xC2B2AE35)))
_GAP = " " * _ALPHABETIC

# What wires and users put before what others told first.
_SLUGS = (
    "ADVISORY|ANALYSIS|BREAKINGVIEWS|BRIEF|CORRECTED|CORRECTING and REPLACING|CORRECTION|DEALTALK|DIARY|"
    "EXCLUSIVE|FACTBOX|FEATURE|INSTANT VIEW|INTERVIEW|NEWSMAKER|POLL|PREVIEW|REFILE|REPEAT|RPT|SCENARIOS|"
    "SNAP ANALYSIS|SNAPSHOT|TABLE|TEXT|TIMELINE|UPDATE|URGENT|VIDEO|WRAPUP"
)
_SLUG = re.compile(rf"^(?:(?:{_SLUGS})(?: ?\d+)?(?:\s*[-:]\s*|\s)|RT @\w+:?\s)+")
_LINK = re.compile(r"https?://\S+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def comparable(title: str, body: str = "") -> str:
    """What of a document is compared: its words, without the slugs of wires, retweet marks and links."""
    text = _LINK.sub(" ", told(title, body))
    return words(_SLUG.sub("", text))[:_LONGEST] or words(text)[:_LONGEST]


def signatures(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Signatures of `comparable` texts, shape (n, LANES).

    Method: Broder 1997, with the lowest bits of each minimum (Li and König 2010). Integers alone, so that
    every machine comes to the same. Texts without words are like each other and like nothing else.
    """
    if not texts:
        return np.zeros((0, LANES), np.uint8)
    padded = [f" {text} " if text else "\0" * _ALPHABETIC for text in texts]
    joined = _GAP.join(padded) + _GAP
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32)
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    starts = np.cumsum(lengths + len(_GAP)) - lengths - len(_GAP)
    narrow = np.fromiter((2 * len(_CJK.findall(text)) > len(text) for text in texts), bool, len(texts))
    count = np.maximum(lengths - np.where(narrow, _IDEOGRAPHIC, _ALPHABETIC) + 1, 1)
    cuts = np.cumsum(count) - count
    hashes = np.zeros(codes.size - _ALPHABETIC + 1, np.uint32)
    for place, power in enumerate(_POWERS):
        if place == _IDEOGRAPHIC:
            short = hashes.copy()
        hashes += codes[place : place + hashes.size] * power
    at = np.repeat(starts - cuts, count) + np.arange(count.sum())
    shingles = np.where(np.repeat(narrow, count), short[at], hashes[at])
    for shift, factor in _MIX:
        shingles ^= shingles >> shift
        shingles *= factor
    lanes = np.empty((len(texts), LANES), np.uint8)
    for lane in range(LANES):
        lowest = np.minimum.reduceat(shingles * _FACTORS[lane] + _TERMS[lane], cuts)
        # The low bits of a minimum are those of the shingle that it belongs to, mixed.
        lanes[:, lane] = (lowest * _MIX[0][1]) >> np.uint32(24)
    return lanes
