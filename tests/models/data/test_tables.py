import gzip
from pathlib import Path

import pytest

from models.data.tables import read_table
from models.errors import ModelError


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"text,tone\n", "has no rows"),
        ("a.csv", b"text,tone\n\xff\xfe,negative\n", "is not UTF-8"),
        ("a.csv", b'text,tone\n"never closed,negative\n', "is damaged or no csv file"),
        ("a.csv.gz", b"text,tone\nx,negative\n", "cannot read .*Not a gzipped file"),
        ("a.csv.gz", gzip.compress(b"text,tone\n" + b"x,negative\n" * 99)[:-20], "is damaged"),
        ("a.jsonl", b'{"text": "x"}\n{"text": \n', "line 2 is not JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1 is not a JSON object"),
        ("a.jsonl", b"\n\n", "has no rows"),
        ("a.parquet", b"PAR1 but nothing more", "is damaged or no parquet file"),
        ("a.xlsx", b"PK", "cannot tell the format"),
        ("a.gz", b"PK", "cannot tell the format"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=said):
        read_table(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read .*none\.csv: No such file"):
        read_table(tmp_path / "none.csv")


def test_a_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufefftext,tone\n涨停,positive\n".encode())
    assert list(read_table(tmp_path / "a.csv").columns) == ["text", "tone"]


def test_what_looks_like_a_missing_value_or_a_number_stays_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,tone\nNA,007\nnull,1.50\n")
    assert read_table(tmp_path / "a.csv").values.tolist() == [["NA", "007"], ["null", "1.50"]]


def test_json_rows_may_lack_fields(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x", "n": 1}\n\n{"text": null, "b": true}\n')
    assert read_table(tmp_path / "a.jsonl").to_dict("list") == {
        "text": ["x", ""],
        "n": ["1", ""],
        "b": ["", "True"],
    }
