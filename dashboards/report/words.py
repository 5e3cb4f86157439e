"""A report's words in English and Chinese: one file a language, numbers and times as readers expect them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from alerts.keys import OVERALL
from alerts.titles import UNTITLED, Watchlists, watchlist_title
from dashboards.report.values import Language
from dashboards.text import printable
from models.taxonomy import load_topics

_FOLDER = Path(__file__).with_name("text")


@cache
def _texts(lang: Language) -> Mapping[str, str]:
    return tomllib.loads((_FOLDER / f"{lang}.toml").read_text(encoding="utf-8"))


@cache
def _topics(lang: Language) -> Mapping[str, str]:
    return {topic.id: topic.name_zh if lang == "zh" else topic.name_en for topic in load_topics()}


class Words:
    """Says things in one language; everything it returns is plain text, to be escaped where it is shown.

    Watchlists are called by the titles that `watchlists` has for them, those that it does not have by name.
    """

    def __init__(self, lang: Language, watchlists: Watchlists = UNTITLED) -> None:
        self.lang = lang
        self._watchlists = watchlists
        self._texts = _texts(lang)

    def say(self, name: str, **values: Any) -> str:
        """The sentence of that name with its values in place."""
        return self._texts[name].format(**values)

    def key(self, key: str) -> str:
        """What a key is called; a topic of somebody's own taxonomy by its id."""
        if key == OVERALL:
            return self.say("overall")
        title = watchlist_title(key, self.lang, self._watchlists)
        return _topics(self.lang).get(key) or key if title is None else printable(title, 80)

    def window(self, minutes: int) -> str:
        """A length of time: 45 minutes, 3 hours."""
        if minutes >= 120 and minutes % 60 == 0:
            return self.say("hours", n=minutes // 60)
        return self.say("minutes", n=minutes)

    def documents(self, count: int) -> str:
        """So many documents."""
        return self.say("documents_one") if count == 1 else self.say("documents_many", n=number(count))

    def versions(self, count: int) -> str:
        """So many headlines."""
        return self.say("versions_one") if count == 1 else self.say("versions_many", n=number(count))


def moment(at: datetime) -> str:
    """A minute, UTC."""
    return f"{at:%Y-%m-%d %H:%M}"


def number(value: float) -> str:
    """A count, whole; below ten an expectation keeps one decimal."""
    if value != int(value) and abs(value) < 10:
        return f"{value:.1f}".replace("-", "−")
    return f"{value:,.0f}".replace("-", "−")


def percent(share: float) -> str:
    """A share, whole percent; below 10 % with a decimal."""
    value = 100 * share
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"


def change(seen: float, normal: float) -> str:
    """How far something is from normal: +40 %, ×3.2."""
    if normal <= 0:
        return "–"
    ratio = seen / normal
    if ratio >= 2:
        return f"×{ratio:.1f}"
    return f"{100 * (ratio - 1):+.0f} %".replace("-", "−")


def odds(surprise: float) -> str:
    """How many tries chance needs for a surprise (-log10 of a probability): one digit, then powers of ten."""
    if surprise > 6:
        return f"10^{surprise:.0f}"
    tries = 10**surprise
    digits = 10 ** int(surprise)
    return f"{round(tries / digits) * digits:,.0f}"
