"""A process that tokenises: texts in on standard input, token ids out on standard output, until that ends.

A frame is a line of numbers, the sizes of its parts in bytes, and the parts. Of texts these are their lengths
and their UTF-8, of windows the arrays of `Windows`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, cast

import numpy as np
from tokenizers import Tokenizer

from models.serving.reading import LongTexts, Reader, Windows
from models.serving.tokens import TokenRows


def write_frame(stream: IO[bytes], parts: Sequence[bytes]) -> None:
    """Send parts as one frame."""
    sizes = " ".join(str(len(part)) for part in parts)
    stream.write(b"".join([sizes.encode() + b"\n", *parts]))
    stream.flush()


def read_frame(stream: IO[bytes]) -> list[bytes] | None:
    """The parts of the next frame; None at the end, in the midst of a frame too."""
    sizes = [int(size) for size in stream.readline().split()]
    whole = stream.read(sum(sizes))
    if not sizes or len(whole) < sum(sizes):
        return None
    ends = np.cumsum(sizes)
    return [whole[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def texts_to_parts(texts: Sequence[str]) -> list[bytes]:
    """Texts, without lone surrogates, as the parts of a frame."""
    encoded = [text.encode() for text in texts]
    return [np.array([len(each) for each in encoded], np.int64).tobytes(), b"".join(encoded)]


def parts_to_texts(parts: Sequence[bytes]) -> list[str]:
    """What `texts_to_parts` was given."""
    lengths = np.frombuffer(parts[0], np.int64)
    ends = np.cumsum(lengths)
    return [
        parts[1][start:end].decode()
        for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True)
    ]


def windows_to_parts(windows: Windows) -> list[bytes]:
    """Windows as the parts of a frame."""
    arrays = (windows.ids.flat, windows.ids.lengths, windows.firsts, windows.weights)
    return [array.tobytes() for array in arrays]


def parts_to_windows(parts: Sequence[bytes]) -> Windows:
    """What `windows_to_parts` was given."""
    rows = TokenRows(np.frombuffer(parts[0], np.int32), np.frombuffer(parts[1], np.int64))
    return Windows(rows, np.frombuffer(parts[2], np.int64), np.frombuffer(parts[3], np.float64))


def main(file: str, max_length: str, long_texts: str) -> None:
    """Answer frames of texts with frames of windows."""
    reader = Reader(Tokenizer.from_file(file), int(max_length), cast(LongTexts, long_texts))
    while (parts := read_frame(sys.stdin.buffer)) is not None:
        write_frame(sys.stdout.buffer, windows_to_parts(reader.read(parts_to_texts(parts))))
