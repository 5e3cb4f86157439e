"""The demo's feed: what a desk could have read from 1 to 17 March 2023, written for Tocsin."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.errors import TocsinError
from pipeline.records import Document

FEED = Path(__file__).with_name("bank_run_2023.jsonl")
"""One `Document` a line, in order of time. Facts and dates are real, to the minute where the minute is known;
every wording, and every source named, is ours."""


def load_feed(path: Path = FEED) -> list[Document]:
    """Read a feed of `Document` lines whole, in file order, deliveries that repeat an id included.

    Raises:
        TocsinError: the file cannot be read, or a line is no document; names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise TocsinError(
            f"The demo feed {path} cannot be read: {error.strerror}. Install Tocsin again."
        ) from error
    decoder = msgspec.json.Decoder(Document)
    documents = []
    for number, line in enumerate(lines, start=1):
        try:
            documents.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TocsinError(f"{path}, line {number}: not a document: {error}") from error
    return documents
