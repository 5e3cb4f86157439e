"""What a watchlist is called, in either language, with settings and without."""

from __future__ import annotations

import pytest

from alerts.titles import UNTITLED, watchlist_title
from pipeline.settings import Watchlist

LISTS = {
    "banks": Watchlist(title="Banks", title_zh="银行", terms=("ING",)),
    "chips": Watchlist(title="Chips", terms=("TSMC",)),
    "oil": Watchlist(title_zh="石油", terms=("Opec",)),
}


@pytest.mark.parametrize(
    ("key", "en", "zh"),
    [
        ("watch.banks", "Banks", "银行"),
        ("watch.chips", "Chips", "Chips"),
        ("watch.oil", "oil", "石油"),
        ("watch.of-before", "of-before", "of-before"),
        ("financials", None, None),
        ("overall", None, None),
        ("banks", None, None),
    ],
)
def test_a_watchlist_is_called_by_the_best_title_there_is(key: str, en: str | None, zh: str | None) -> None:
    assert (watchlist_title(key, "en", LISTS), watchlist_title(key, "zh", LISTS)) == (en, zh)
    without = watchlist_title(key, "zh", UNTITLED)
    assert without == (key.removeprefix("watch.") if en else None)
