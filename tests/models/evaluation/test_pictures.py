import re
import sys
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest

from models.errors import ModelError
from models.evaluation.calibration import Calibration, calibration
from models.evaluation.comparison import compare
from models.evaluation.pictures import (
    check_pictures,
    confusion_picture,
    difference_picture,
    reliability_picture,
)
from tests.models.evaluation.test_comparison import pair

MATRIX = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])


@pytest.fixture
def calibrated() -> Calibration:
    random = np.random.default_rng(1)
    confidence = random.uniform(0.4, 1, 200)
    return calibration(confidence, random.random(200) < confidence, samples=50)


def words(svg: str) -> set[str]:
    """The texts of a picture, which must be XML."""
    return {
        element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("}text")
    }


def test_a_confusion_matrix_names_classes_and_counts_rows() -> None:
    assert {"negative", "neutral", "8", "2", "9", "said", "is"} <= words(
        confusion_picture(MATRIX, ("negative", "neutral", "positive"), "own")
    )
    assert "positive" not in words(confusion_picture(MATRIX, ("negative", "neutral", "positive"), "own"))


def test_hostile_and_foreign_names_stay_texts() -> None:
    names = ("<script>alert(1)</script>", "$\\frac{1}{0}$ & 'x'", "中性")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = confusion_picture(MATRIX + 1, names, "own")
    assert set(names) <= words(svg)
    assert "<script" not in svg


def test_ink_follows_the_page_and_nothing_is_fetched(calibrated: Calibration) -> None:
    for svg in (
        confusion_picture(MATRIX, ("a", "b", "c"), "own"),
        reliability_picture(calibrated, calibrated, "own"),
        difference_picture(compare({"own": pair(60, 9, 6)}, resamples=50), "own"),
    ):
        assert "currentColor" in svg
        assert "#000000" not in svg
        assert not re.search(r'(?:href|src)="(?!#)', svg)
        assert "url(http" not in svg


def test_the_same_figures_give_the_same_bytes_and_pictures_share_no_ids(calibrated: Calibration) -> None:
    once, again = (reliability_picture(calibrated, calibrated, "a") for _ in range(2))
    assert once == again
    other = reliability_picture(calibrated, calibrated, "b")
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (once, other)]
    assert ids[0].isdisjoint(ids[1])
    for svg, own in zip((once, other), ids, strict=True):
        assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg)) <= own


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModelError, match=r"pip install -e '\.\[report\]'"):
        check_pictures()


def test_twenty_classes_and_one_bin_are_no_trouble() -> None:
    names = [f"topic_{i}" for i in range(20)]
    assert set(names) <= words(confusion_picture(np.eye(20, dtype=np.int64) * 7, names, "topics"))
    sure = calibration(np.array([0.95, 0.96]), np.array([True, True]), samples=20)
    assert "as served" in words(reliability_picture(sure, sure, "sure"))
