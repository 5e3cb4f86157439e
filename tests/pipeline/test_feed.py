"""Feeds in every format: columns found, good rows kept, broken ones named, hopeless files refused."""

from __future__ import annotations

import gzip
import io
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.feed import Rejections, open_feed, parse_mapping
from pipeline.records import Document, Rejected

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = b"id,title,published_at,source\n"


def read(path: Path, **options: Any) -> tuple[list[Document], list[Rejected]]:
    with open_feed(str(path), now=NOW, **options) as feed:
        items = list(feed)
    good = [item for item in items if isinstance(item, Document)]
    return good, [item for item in items if isinstance(item, Rejected)]


def write(folder: Path, data: bytes, name: str = "feed.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def row(number: int, title: str = "Bank fails") -> bytes:
    return f"{number},{title},2023-03-10T14:{number % 60:02d}:00Z,wire\n".encode()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_same_documents(tmp_path: Path, form: str, packed: bool) -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", None],
            "text": ["Bank, “fails”\nat last", "银行倒闭", "Quiet day"],
            "published_at": ["2023-03-10T14:30:00Z", "2023-03-10T09:30:00-05:00", "2023-03-11T00:00:00Z"],
            "source": ["wire", "reddit r/stocks", None],
            "wire": ["press_release", None, "news"],
            "entity": ["$SIVB,FRC", "Silicon Valley Bank", None],
            "body": [None, "more", None],
        }
    )
    path = tmp_path / f"feed.{form}"
    if form == "csv":
        frame.to_csv(path, index=False)
    elif form == "jsonl":
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        frame.to_parquet(path)
    if packed:
        packed_path = path.with_name(path.name + ".gz")
        packed_path.write_bytes(gzip.compress(path.read_bytes()))
        path = packed_path
    good, bad = read(path)
    assert not bad
    first, second, third = good
    assert first == Document(
        id="a",
        kind="report",
        source="wire",
        published_at=datetime(2023, 3, 10, 14, 30, tzinfo=UTC),
        title="Bank, “fails”\nat last",
        symbols=("SIVB", "FRC"),
    )
    assert (second.kind, second.title, second.body, second.symbols) == ("comment", "银行倒闭", "more", ())
    assert second.published_at == first.published_at
    assert (third.kind, third.source, len(third.id)) == ("news", path.name, 32)
    assert read(path)[0] == good


def test_documents_as_jsonl_come_back_as_they_were(tmp_path: Path) -> None:
    documents = [
        Document(
            id=f"d{number}",
            kind=kind,
            source="s",
            published_at=datetime(2023, 3, 10, 1, 2, 3, 456789, tzinfo=UTC),
            title="t",
            body="b",
            url="https://example.org/1",
            lang="en",
            author="me",
            symbols=("BRK.B", "600519"),
        )
        for number, kind in enumerate(("news", "comment", "report"))
    ]
    path = write(tmp_path, b"\n".join(msgspec.json.encode(d) for d in documents), "feed.jsonl")
    assert read(path) == (documents, [])


FAULTS: list[tuple[str, bytes, dict[int, tuple[str, str]], list[str]]] = [
    (
        "too few and too many fields",
        HEAD + row(1) + b"2,short\n" + row(3) + b"4,a,2023-03-10T14:00:00Z,wire,extra\n" + row(5),
        {2: ("unreadable_row", "line 3: 2 fields where the header has 4"), 4: ("unreadable_row", "5 fields")},
        ["1", "3", "5"],
    ),
    (
        "a quote nobody closes",
        HEAD + row(1) + b'2,"oops,2023-03-10T14:00:00Z,wire\n' + row(3) + row(4, '"a, b"') + row(5),
        {2: ("unreadable_row", "line 3: broken quoting: a quote is opened")},
        ["1", "3", "4", "5"],
    ),
    (
        "two quotes nobody closes, good rows between them",
        HEAD
        + b'1,"oops,2023-03-10T14:00:00Z,wire\n'
        + row(2)
        + row(3)
        + b'4,oops",2023-03-10T14:00:00Z,wire\n',
        {1: ("unreadable_row", "quote is opened")},
        ["2", "3", "4"],
    ),
    (
        "an unclosed quote on the last line",
        HEAD + row(1) + b'2,"oops',
        {2: ("unreadable_row", "line 3")},
        ["1"],
    ),
    (
        "a quote that is not doubled",
        HEAD + b'1,"the "great" fall",2023-03-10T14:00:00Z,wire\n' + row(2),
        {1: ("unreadable_row", "broken quoting")},
        ["2"],
    ),
    (
        "bytes that are not UTF-8, also within a quoted row of two lines",
        HEAD
        + row(1)
        + b"2,caf\xe9,2023-03-10T14:00:00Z,wire\n"
        + b'3,"a\nb\xff",2023-03-10T14:00:00Z,w\n'
        + row(4),
        {2: ("unreadable_row", "0xe9"), 3: ("unreadable_row", "line 4: not UTF-8: byte 0xff")},
        ["1", "4"],
    ),
    (
        "no text, no stamp, a wrong stamp, stamps out of range",
        HEAD
        + b"1, ,2023-03-10,w\n2,t,,w\n3,t,3/10/2023,w\n4,t,2099-01-01T00:00:00Z,w\n5,t,1066-10-14,w\n"
        + row(6),
        {
            1: ("no_text", "`title` empty"),
            2: ("missing_field", "`published_at` is empty"),
            3: ("wrong_field", "'3/10/2023' is not a time; write RFC 3339"),
            4: ("future_stamp", "2099"),
            5: ("ancient_stamp", "1066"),
        },
        ["6"],
    ),
    ("a text over 100 kB", HEAD + row(1, "x" * 100_001) + row(2), {1: ("too_long", "100,001")}, ["2"]),
    (
        "a line over 1 MB",
        HEAD + row(1, "x" * 3_000_000) + row(2),
        {1: ("unreadable_row", "longer than 1,000,000 bytes")},
        ["2"],
    ),
    ("blank lines are no rows", HEAD + b"\n" + row(1) + b"\r\n\n" + row(2) + b"\n", {}, ["1", "2"]),
]


@pytest.mark.parametrize(("data", "bad", "good"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_broken_rows_are_named_and_cost_no_other(
    tmp_path: Path, data: bytes, bad: dict[int, tuple[str, str]], good: list[str]
) -> None:
    documents, rejected = read(write(tmp_path, data), run="r")
    assert [document.id for document in documents] == good
    assert [record.offset for record in rejected] == list(bad)
    for record in rejected:
        reason, says = bad[record.offset]
        assert record.reason == reason
        assert says in record.detail
        assert record.raw in data
        assert record.raw
        assert (record.run, record.topic, record.rejected_at) == ("r", "feed.csv", NOW)


def test_nul_and_other_control_characters_become_blanks(tmp_path: Path) -> None:
    (document,), bad = read(write(tmp_path, HEAD + row(1, "Bank\0\x1bfails")))
    assert document.title == "Bank  fails"
    assert not bad


def test_half_the_rows_broken_in_every_way_at_random(tmp_path: Path) -> None:
    chance = random.Random(7)
    breaks = [
        lambda n: f'{n},"never closed {n},2023-03-10T14:00:00Z,wire\n'.encode(),
        lambda n: f"{n},half\n".encode(),
        lambda n: f"{n},\xe9\xff".encode("latin-1") + b",2023-03-10T14:00:00Z,wire\n",
        lambda n: f"{n},text,tomorrow,wire\n".encode(),
        lambda n: f'{n},"a" b,2023-03-10T14:00:00Z,wire\n'.encode(),
    ]
    fine = [
        lambda n: row(n),
        lambda n: row(n, '"quoted, with ""quotes"""'),
        lambda n: row(n, '"over\ntwo lines, and\nthree"'),
    ]
    good = set(chance.sample(range(1, 2001), 1000))
    lines = [chance.choice(fine if number in good else breaks)(number) for number in range(1, 2001)]
    documents, rejected = read(write(tmp_path, HEAD + b"".join(lines)))
    assert {int(document.id) for document in documents} == good
    assert {record.offset for record in rejected} == set(range(1, 2001)) - good
    summary = Rejections()
    for record in rejected:
        summary.add(record)
    assert summary.total == sum(summary.by_reason().values()) == 1000
    assert any("wrong_field (rows " in line for line in summary.lines())


def test_broken_lines_of_jsonl(tmp_path: Path) -> None:
    good = b'{"id":1,"headline":"t","time":1678458600}'
    lines = [good, b"{", b"[1]", b'{"id":2,"headline":7,"time":0}', b'{"id":3,"time":0}', b"", b"\xff", good]
    documents, rejected = read(write(tmp_path, b"\n".join(lines), "feed.jsonl"))
    assert [document.id for document in documents] == ["1", "1"]
    assert documents[0].published_at == datetime(2023, 3, 10, 14, 30, tzinfo=UTC)
    assert [(record.offset, record.reason) for record in rejected] == [
        (2, "bad_json"),
        (3, "bad_json"),
        (4, "wrong_field"),
        (5, "no_text"),
        (6, "bad_json"),
    ]
    assert rejected[-1].detail.startswith("line 7: ")


def test_parquet_with_its_own_types_and_broken_values(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"fine", b"\xff", None, b"fine"], pa.binary()).view(pa.string())
    stamps = pa.array([datetime(2023, 3, 10), datetime(2023, 3, 10), datetime(2023, 3, 10), None])
    path = tmp_path / "feed.parquet"
    pq.write_table(pa.table({"n": [1, 2, 3, 4], "Headline": texts, "Date": stamps}), path)
    with open_feed(str(path), now=NOW, mapping={"id": "n"}) as feed:
        good, *bad = list(feed)
        assert feed.notices() == ["1 stamps of feed.parquet have no zone and were read as UTC"]
    assert isinstance(good, Document)
    assert (good.id, good.published_at) == ("1", datetime(2023, 3, 10, tzinfo=UTC))
    assert [(item.offset, item.reason) for item in bad if isinstance(item, Rejected)] == [
        (2, "unreadable_row"),
        (3, "no_text"),
        (4, "missing_field"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("feed.csv", b"", "empty"),
        ("feed.csv.gz", gzip.compress(b""), "empty"),
        ("feed.csv", HEAD, "holds no rows"),
        ("feed.jsonl", b"\n\n", "no rows"),
        ("feed.jsonl", b'[{"a":1}]', "jq"),
        ("feed.jsonl", b"hello\n", "not JSONL: line 1"),
        ("feed.csv", random.Random(1).randbytes(4000), "binary"),
        ("feed", b"\x7fELF" + bytes(4000), "binary"),
        ("feed.xlsx", b"PK\x03\x04" + bytes(100), "spreadsheet"),
        ("feed.csv", "id,text\n".encode("utf-16"), "UTF-16"),
        ("feed.csv", b"\xe9,b\n1,2\n", "header is not UTF-8"),
        ("feed.csv.gz", b"\x1f\x8b\x08\x00broken", "damaged gzip"),
        ("feed.parquet", b"PAR1 but no more", "no readable Parquet"),
        (
            "feed.csv",
            b"a,b\n1,2\n",
            "no text column: its columns are 'a', 'b'; name one with --map title=COLUMN",
        ),
        (
            "feed.csv",
            b"a,text\n1,2\n",
            "no time column: its columns are 'a', 'text'; name one with --map publish",
        ),
    ],
)
def test_hopeless_files_are_refused_with_what_to_do(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(write(tmp_path, data, name))
    assert says in str(caught.value)


def test_missing_files_folders_and_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="folder"):
        read(tmp_path)
    with pytest.raises(UsageError, match="unknown format 'xml'"):
        read(write(tmp_path, HEAD), format="xml")


def test_a_truncated_archive_gives_its_good_rows_and_says_so(tmp_path: Path) -> None:
    chance = random.Random(3)
    body = b"".join(row(number, chance.randbytes(40).hex()) for number in range(5000))
    packed = gzip.compress(HEAD + body)
    documents, rejected = read(write(tmp_path, packed[: len(packed) // 2], "feed.csv.gz"))
    assert len(documents) > 2000
    assert "breaks off" in rejected[-1].detail


def test_a_damaged_parquet_gives_its_good_rows_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "feed.parquet"
    frame = pd.DataFrame({"text": [f"text {n}" for n in range(20_000)], "date": "2023-03-10"})
    frame.to_parquet(path, row_group_size=5000, compression="gzip")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)
    documents, rejected = read(path)
    assert documents
    assert "damaged from here" in rejected[-1].detail


def test_mapping_names_columns_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, b"When;What;Title\n2023-03-10 14:30;Bank fails;page 3\n")
    (document,), _ = read(path, mapping=parse_mapping(["title=What", "time=When", "author=Title"]))
    assert (document.title, document.author, document.body) == ("Bank fails", "page 3", "")
    with pytest.raises(UsageError, match="no column 'Nope'; its columns are 'When', 'What', 'Title'"):
        read(path, mapping={"title": "Nope"})
    for wrong in ("title", "title=", "colour=What"):
        with pytest.raises(UsageError, match="--map"):
            parse_mapping([wrong])
    with pytest.raises(UsageError, match="twice"):
        parse_mapping(["title=a", "text=b"])


@pytest.mark.parametrize(
    ("header", "title", "body"),
    [
        ("text,date", "text", ""),
        ("title,text,date", "title", "text"),
        ("text,body,date", "text", "body"),
        ("Headline,Article,date", "Headline", "Article"),
        ("text,summary,date", "text", "summary"),
        ("date,body", "", "body"),
        ("text,text,date", "text", ""),
    ],
)
def test_text_columns_are_found(tmp_path: Path, header: str, title: str, body: str) -> None:
    names = header.split(",")
    values = ["2023-03-10" if name == "date" else name for name in names]
    (document,), _ = read(write(tmp_path, f"{header}\n{','.join(values)}\n".encode()))
    assert (document.title, document.body) == (title, body)


def test_without_stamps_only_text_and_id_matter(tmp_path: Path) -> None:
    path = write(tmp_path, b"id,text,date,kind\nx,Bank fails,whenever,odd\n,Bank fails,,\n")
    documents, rejected = read(path, stamped=False)
    assert [document.id for document in documents] == ["x", "2"]
    assert not rejected


def test_standard_input_is_read_in_any_format(monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = io.BytesIO()
    pd.DataFrame({"text": ["Bank fails"]}).to_parquet(parquet)
    for data in (
        b"text\nBank fails\n",
        b'{"text":"Bank fails"}',
        gzip.compress(b"text\nBank fails\n"),
        parquet.getvalue(),
    ):
        stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))
        monkeypatch.setattr("sys.stdin", stdin)
        (document,), _ = read(Path("-"), stamped=False)
        assert document.title == "Bank fails"


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_header_are_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp(), HEAD + row(1) + data.replace(b"\0", b""), "any.csv")
    documents, rejected = read(path)
    assert documents[0].id == "1"
    assert len(documents) + len(rejected) >= 1


texts = st.lists(st.text(st.sampled_from('ab,;"\n\t é|')), min_size=1, max_size=8)


@given(texts)
def test_what_the_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, titles: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    frame = pd.DataFrame({"id": [str(n) for n in range(len(titles))], "title": [f"t{t}" for t in titles]})
    frame.assign(published_at="2023-03-10T00:00:00Z").to_csv(path, index=False)
    documents, rejected = read(path)
    assert not rejected
    assert [document.title for document in documents] == list(frame["title"])
