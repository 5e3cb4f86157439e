"""Read a user's table, CSV, JSONL or Parquet, into rows of text, with errors that say where."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import ArrowException

from models.errors import ModelError

FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
"""Endings of names that can be read, those of texts also with `.gz` behind."""


def read_table(path: Path) -> pd.DataFrame:
    """Read a file into columns of texts; missing values are empty texts, whole numbers have no point.

    Raises ModelError when the file is not there, of another format, not UTF-8, damaged or without rows.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    ending = suffixes[-2] if packed and len(suffixes) > 1 else "".join(suffixes[-1:])
    if ending not in FORMATS or (packed and ending == ".parquet"):
        raise ModelError(f"{path}: cannot tell the format; its name must end with {', '.join(FORMATS)}")
    try:
        if ending == ".parquet":
            table = pd.read_parquet(path)
        elif ending in (".csv", ".tsv"):
            table = pd.read_csv(
                path,
                sep="," if ending == ".csv" else "\t",
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
            )
        else:
            table = pd.DataFrame(list(_json_rows(path, packed)))
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is not UTF-8 (byte {error.start:,}): save it as UTF-8") from error
    except pd.errors.EmptyDataError as error:
        raise ModelError(f"{path} is empty: its first line must name the columns") from error
    except (pd.errors.ParserError, ArrowException, EOFError, zlib.error) as error:
        raise ModelError(f"{path} is damaged or no {ending[1:]} file: {str(error).strip()}") from error
    if table.empty:
        raise ModelError(f"{path} has no rows")
    texts = {str(name): [_as_text(value) for value in column] for name, column in table.items()}
    return pd.DataFrame(texts, dtype=object)


def _json_rows(path: Path, packed: bool) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ModelError(f"{path}, line {number:,} is not JSON: {error.msg}") from error
            if not isinstance(row, dict):
                raise ModelError(f"{path}, line {number:,} is not a JSON object")
            yield row


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # whole numbers become floats in columns with gaps
    return str(value)
