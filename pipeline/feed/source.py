"""Opens a feed's bytes: a file or standard input, gzip or not, and tells which format they hold."""

from __future__ import annotations

import gzip
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from pipeline.errors import UsageError

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "parquet")

_EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
    b"BZh": "packed with bzip2; unpack it first, or pack it with gzip",
    b"\xfd7zXZ": "packed with xz; unpack it first, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it first, or pack it with gzip",
    b"\xff\xfe": "UTF-16 text; turn it into UTF-8: iconv -f UTF-16 -t UTF-8",
    b"\xfe\xff": "UTF-16 text; turn it into UTF-8: iconv -f UTF-16 -t UTF-8",
}
_PEEK = 1 << 16
_TELLING = 512
"""Bytes from which the share of control bytes tells anything."""


@dataclass
class Source:
    """An open feed: `stream` gives plain bytes, `raw` counts those of the file for the progress bar."""

    name: str
    """File name without its folder; `stdin` for standard input."""
    format: Format
    stream: io.BufferedReader[Any]
    raw: BinaryIO
    size: int | None
    """Bytes of the file as it lies on disk; None for a pipe."""

    @property
    def seekable(self) -> bool:
        """Whether `stream` can jump about, as Parquet needs."""
        return self.size is not None and not isinstance(self.stream.raw, gzip.GzipFile)

    def position(self) -> int:
        """Bytes of the file read so far."""
        return self.raw.tell() if self.size is not None else 0

    def close(self) -> None:
        """Close the file; standard input is left open."""
        if self.size is not None:
            self.stream.close()
            self.raw.close()


def open_source(path: str, format: str = "auto") -> Source:
    """Open `path` (`-` is standard input); `format` is one of `FORMATS`, or `auto`: told by name and content.

    Raises `UsageError` when it is missing, empty, no feed, or cannot be read.
    """
    if format not in ("auto", *FORMATS):
        raise UsageError(f"unknown format {format!r}; one of auto, {', '.join(FORMATS)}")
    name, raw, size = _open(path)
    try:
        stream, head = _unpack(name, raw)
        _refuse_foreign(name, head)
        told = _tell(name, head) if format == "auto" else _as_format(format)
        if told != "parquet":
            _refuse_binary(name, head)
    except BaseException:
        if size is not None:
            raw.close()
        raise
    return Source(name=name, format=told, stream=stream, raw=raw, size=size)


def _open(path: str) -> tuple[str, BinaryIO, int | None]:
    if path == "-":
        return "stdin", sys.stdin.buffer, None
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"{path} is a folder; name a CSV, JSONL or Parquet file in it")
    try:
        raw = file.open("rb", buffering=0)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    if not raw.seekable():
        return file.name, io.BufferedReader(raw), None
    return file.name, raw, os.fstat(raw.fileno()).st_size


def _unpack(name: str, raw: BinaryIO) -> tuple[io.BufferedReader[Any], bytes]:
    plain: io.BufferedReader[Any]
    plain = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, raw), _PEEK)
    head = plain.peek(_PEEK)
    if not head:
        raise UsageError(f"{name} is empty")
    if not head.startswith(b"\x1f\x8b"):
        return plain, head[:_PEEK]
    unpacked: io.BufferedReader[Any] = io.BufferedReader(gzip.GzipFile(fileobj=plain), _PEEK)
    try:
        head = unpacked.peek(_PEEK)
    except (OSError, EOFError) as error:
        raise UsageError(f"{name} is a damaged gzip file: {error}") from None
    if not head:
        raise UsageError(f"{name} is empty inside its gzip")
    return unpacked, head[:_PEEK]


def _refuse_foreign(name: str, head: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UsageError(f"{name} is {what}")


def _tell(name: str, head: bytes) -> Format:
    if head.startswith(b"PAR1"):
        return "parquet"
    stem = name.lower().removesuffix(".gz")
    by_name = _EXTENSIONS.get(Path(stem).suffix)
    if by_name:
        return by_name
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return "jsonl" if start.startswith((b"{", b"[")) else "csv"


def _as_format(format: str) -> Format:
    return next(known for known in FORMATS if known == format)


def _refuse_binary(name: str, head: bytes) -> None:
    """Text has next to no control bytes; anything compressed or compiled has about one in ten."""
    if len(head) < _TELLING:
        return
    control = sum(byte < 32 and byte not in b"\t\n\r\x0c\x1b" for byte in head)
    if control > len(head) // 20:
        raise UsageError(
            f"{name} is a binary file; a feed is CSV, JSONL or Parquet (each may be packed with gzip)"
        )
