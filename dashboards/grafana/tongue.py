"""The language a dashboard speaks, and what hangs on it: names of topics, fixed uids, links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
BOARDS: Final = ("overview", "topic", "alert", "replay", "model", "pipeline")
"""Dashboards in the order in which their links stand."""

TopicNames = Mapping[str, tuple[str, str]]
"""English and Chinese name by topic id."""


@dataclass(frozen=True)
class Tongue:
    """Picks the English or the Chinese of two texts that stand side by side: `t("Volume", "数量")`."""

    language: Language = "en"
    topics: TopicNames = field(default_factory=dict)

    def __call__(self, english: str, chinese: str) -> str:
        """Whichever this dashboard speaks."""
        return chinese if self.language == "zh" else english

    @property
    def folder(self) -> str:
        """Title of Grafana's folder for these dashboards."""
        return self("Tocsin", "Tocsin 中文")

    @property
    def folder_uid(self) -> str:
        """Its uid, which never changes."""
        return self("tocsin", "tocsin-zh")

    def uid(self, board: str) -> str:
        """Uid of one of `BOARDS`, which never changes: people's bookmarks hold it."""
        return f"tocsin-{board}" + self("", "-zh")

    def topic_names(self) -> dict[str, str]:
        """Name by key, `overall` among them."""
        index = LANGUAGES.index(self.language)
        named = {key: names[index] for key, names in self.topics.items()}
        return {"overall": self("All topics", "全部话题"), **named}
