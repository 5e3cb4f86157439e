import csv
import gzip
from pathlib import Path

import pytest

from models.errors import ModelError
from models.training.headlines import STRESS, Share, draw, write


def stream(folder: Path, rows: list[tuple[str, str]]) -> None:
    (folder / "streams").mkdir()
    with gzip.open(folder / "streams/wire.csv.gz", "wt", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["text", "wire"])
        writer.writerows(rows)


def test_headlines_of_runs_are_drawn_on_top_and_press_releases_by_their_own_share(tmp_path: Path) -> None:
    calm = [(f"Company number {number} names a new chairman", "news") for number in range(500)]
    press = [(f"Company number {number} to present at a fair", "press_release") for number in range(500)]
    stream(tmp_path, [*calm, ("Savers withdraw their deposits from a lender", "news"), *press])
    drawn = draw([Share("streams/wire.csv.gz", 20, 5)], tmp_path, 1, stressed=10)
    assert len(drawn) == len(set(drawn))
    assert sum("fair" in text for text in drawn) == 5
    assert sum(bool(STRESS.search(text)) for text in drawn) == 1
    assert drawn == draw([Share("streams/wire.csv.gz", 20, 5)], tmp_path, 1, stressed=10)
    assert drawn != draw([Share("streams/wire.csv.gz", 20, 5)], tmp_path, 2, stressed=10)


def test_what_is_written_is_what_a_recipe_reads(tmp_path: Path) -> None:
    from models.training.distillation import read_texts

    write(tmp_path / "texts.csv.gz", ['Bank says "all is well", again', "央行公布会议纪要"])
    assert list(read_texts(str(tmp_path / "texts.csv.gz"))) == [
        'Bank says "all is well", again',
        "央行公布会议纪要",
    ]


def test_a_missing_file_is_named_with_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="TOCSIN_DATA"):
        draw([Share("streams/none.csv.gz", 1)], tmp_path, 1)
