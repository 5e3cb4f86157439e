"""Kept scores: the same as fresh ones, shared, and never in the way."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from models.scores import Scores
from pipeline import score_cache
from pipeline.score_cache import CachedClassifier, ScoreCache, score_key
from tests.keyword_classifier import KeywordClassifier

TEXTS = ["bank fails", "oil gains", "shares rally", "bank fails", "", "银行 fails"]


class Counting(KeywordClassifier):
    """Remembers what it was asked."""

    def __init__(self, model: str = "keywords@1") -> None:
        self.model = model
        self.asked: list[str] = []

    def classify(self, texts: list[str]) -> Scores:
        self.asked += texts
        return super().classify(texts)


def same(one: Scores, other: Scores) -> bool:
    columns = ("topic", "p_topic", "tones", "tone", "score")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)


def cache_at(path: Path, notices: list[str] | None = None) -> ScoreCache:
    return ScoreCache(path, [].append if notices is None else notices.append)


def test_kept_scores_are_the_classifiers_own_and_asked_for_once(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "scores.sqlite"
    first = Counting()
    cached = CachedClassifier(first, cache_at(path))
    fresh = KeywordClassifier().classify(TEXTS)
    assert same(cached.classify(TEXTS), fresh)
    assert first.asked == list(dict.fromkeys(TEXTS))
    second = Counting()
    again = CachedClassifier(second, cache_at(path))
    assert same(again.classify(TEXTS[::-1]), KeywordClassifier().classify(TEXTS[::-1]))
    assert same(again.classify([]), KeywordClassifier().classify([]))
    assert second.asked == []
    assert again.hits == len(TEXTS)
    assert (again.model, again.topics) == (first.model, first.topics)


def test_another_model_has_scores_of_its_own(tmp_path: Path) -> None:
    cache = cache_at(tmp_path / "scores.sqlite")
    CachedClassifier(Counting("a@1"), cache).classify(TEXTS)
    other = Counting("a@2")
    CachedClassifier(other, cache).classify(TEXTS)
    assert len(other.asked) == 5
    assert len(score_key("a@1", "x")) == 16
    assert score_key("a@1", "x") != score_key("a@2", "x")


def test_thousandths_at_both_ends_are_kept_exactly(tmp_path: Path) -> None:
    class Extreme(KeywordClassifier):
        def classify(self, texts: list[str]) -> Scores:
            tones = np.array([[1000, 0, 0], [0, 0, 1000], [333, 334, 333]])
            return Scores(topic=np.array([0, 19, 7]), p_topic=np.array([0, 1000, 51]), tones=tones)

    cache = cache_at(tmp_path / "scores.sqlite")
    fresh = Extreme().classify([])
    assert same(CachedClassifier(Extreme(), cache).classify(["a", "b", "c"]), fresh)
    assert same(CachedClassifier(Extreme(), cache).classify(["a", "b", "c"]), fresh)


@pytest.mark.parametrize("damage", ["no database", "broken page", "changed value"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "scores.sqlite"
    texts = [f"bank number {number} fails" for number in range(2000)]
    cache = cache_at(path)
    CachedClassifier(Counting(), cache).classify(texts)
    cache.close()
    if damage == "no database":
        path.write_bytes(b"this is no database" * 1000)
    elif damage == "broken page":
        data = bytearray(path.read_bytes())
        data[8192:-4096] = bytes(len(data) - 8192 - 4096)
        path.write_bytes(data)
    else:
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE scores SET value = zeroblob(length(value))")
        connection.close()
    notices: list[str] = []
    again = Counting()
    cached = CachedClassifier(again, cache_at(path, notices))
    fresh = KeywordClassifier().classify(texts)
    assert same(cached.classify(texts), fresh)
    assert same(cached.classify(texts), fresh)
    assert len(again.asked) == len(texts)
    assert len(notices) == 1
    assert "begun anew" in notices[0]


def test_where_nothing_can_be_kept_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    notices: list[str] = []
    cached = CachedClassifier(Counting(), cache_at(tmp_path / "file" / "scores.sqlite", notices))
    assert same(cached.classify(TEXTS), KeywordClassifier().classify(TEXTS))
    assert len(notices) == 1
    assert "not kept" in notices[0]


def test_a_cache_that_has_grown_too_big_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.sqlite"
    CachedClassifier(Counting(), cache_at(path)).classify(TEXTS)
    monkeypatch.setattr(score_cache, "MAX_BYTES", 10)
    notices: list[str] = []
    again = Counting()
    CachedClassifier(again, cache_at(path, notices)).classify(TEXTS)
    assert again.asked
    assert "grown" in notices[0]


def _fill(path: Path, start: int) -> None:
    notices: list[str] = []
    cached = CachedClassifier(KeywordClassifier(), cache_at(path, notices))
    for number in range(start, start + 100):
        cached.classify([f"text {number}", f"text {number + 1}"])
    assert not notices


def test_processes_share_it(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_fill, args=(path, start)) for start in (0, 50, 100)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    reader = Counting()
    CachedClassifier(reader, cache_at(path)).classify([f"text {number}" for number in range(201)])
    assert reader.asked == []
