"""The public sets that Tocsin is trained and measured on, and what each of their labels means here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from models.data.examples import Task
from models.taxonomy import TONES, load_topics

THREE_TONES: Mapping[str, str] = MappingProxyType({tone: tone for tone in TONES})
TWO_TONES: Mapping[str, str] = MappingProxyType({"negative": "negative", "positive": "positive"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """One set: where its rows are, and what they say."""

    name: str
    task: Task
    path: str
    """Gzipped CSV with `id` and `text`, under the data folder."""
    language: str
    """BCP 47 tag of its texts."""
    column: str = "label"
    labels: Mapping[str, str]
    """Label in the file → id of our tone or topic. A label in neither this nor `aside` or `unclear` is an
    error."""
    separator: str = ""
    """Between the labels of a row that may have several; empty: a row has one."""
    aside: frozenset[str] = frozenset()
    """Labels that say nothing about ours, and stand beside others (a country, say)."""
    unclear: frozenset[str] = frozenset()
    """Labels that may mean one of several of ours: such rows are left out."""
    unless: Mapping[str, str] = field(default_factory=dict)
    """Label in the file → pattern of texts to leave out, since we file them under another topic."""
    licence: str

    @property
    def partial(self) -> bool:
        """Whether the set tells fewer tones apart than there are."""
        return self.task == "tone" and len(set(self.labels.values())) < len(TONES)


_SETS = (
    LabelledSet(
        name="fpb",
        task="tone",
        path="sentiment/fpb.csv.gz",
        language="en",
        labels=THREE_TONES,
        licence="CC BY-NC-SA 3.0",
    ),
    LabelledSet(
        name="tfn_sentiment",
        task="tone",
        path="sentiment/tfn_sentiment.csv.gz",
        language="en",
        labels=THREE_TONES,
        licence="MIT",
    ),
    LabelledSet(
        name="fiqa",
        task="tone",
        path="sentiment/fiqa.csv.gz",
        language="en",
        labels=THREE_TONES,
        licence="not stated",
    ),
    LabelledSet(
        name="semeval_headlines",
        task="tone",
        path="sentiment/semeval_headlines.csv.gz",
        language="en",
        labels=THREE_TONES,
        licence="not stated",
    ),
    LabelledSet(
        name="semeval_microblogs",
        task="tone",
        path="sentiment/semeval_microblogs.csv.gz",
        language="en",
        labels=THREE_TONES,
        licence="not stated",
    ),
    LabelledSet(
        name="stock_tweets",
        task="tone",
        path="sentiment/stock_tweets_yash.csv.gz",
        language="en",
        labels=TWO_TONES,
        licence="not stated",
    ),
    LabelledSet(
        name="finfe",
        task="tone",
        path="zh/finfe.csv.gz",
        language="zh",
        labels=THREE_TONES,
        licence="not stated",
    ),
    LabelledSet(
        name="zh_news",
        task="tone",
        path="zh/news_sentiment_wwwxmu.csv.gz",
        language="zh",
        labels=TWO_TONES,
        licence="not stated",
    ),
    LabelledSet(
        name="guba",
        task="tone",
        path="zh/guba_sentiment.csv.gz",
        language="zh",
        labels=TWO_TONES,
        licence="not stated",
    ),
    LabelledSet(
        name="tfn_topic",
        task="topic",
        path="topics/tfn_topic.csv.gz",
        language="en",
        column="topic",
        labels=MappingProxyType({topic.label: topic.id for topic in load_topics()}),
        licence="MIT",
    ),
    LabelledSet(
        name="finnl_topic",
        task="topic",
        path="zh/finnl_topic.csv.gz",
        language="zh",
        column="topic",
        labels=MappingProxyType(
            {
                "大盘": "markets",
                "能源": "energy_oil",
                "债券": "treasuries_corporate_debt",
                "外汇": "currencies",
                "政治": "politics",
                "经济": "macro",
            }
        ),
        separator="|",
        # Places and the pandemic. Companies, sectors, policy, futures, housing and digital currencies spread
        # over several of our topics.
        aside=frozenset({"中国", "外国", "国际", "新冠"}),
        unclear=frozenset({"公司", "行业", "政策", "期货", "房地产", "虚拟货币"}),
        # Its "economy" holds what central bankers say, exchange rates, yields and single stocks; its
        # "energy" holds metals; some of its bonds are none.
        unless=MappingProxyType(
            {
                "大盘": r"逆回购|央行|兑美元|美元指数|美元兑",
                "能源": r"[铜铝镍锌铅锡镁锂钢铁钯铂]|黄金|白银",
                "债券": r"^[^债]*$",
                "政治": r"央行|联储|逆回购",
                "经济": r"央行|联储|货币政策|逆回购|FOMC|加息|降息|利率|汇率|外汇|美元指数"
                r"|[元镑郎币拉索卢]兑|[A-Z]{3}/[A-Z]{3}|国债|债券|收益率|\([A-Z0-9]+\.[A-Z]+\)",
            }
        ),
        licence="not stated",
    ),
)

SETS: Mapping[str, LabelledSet] = MappingProxyType({one.name: one for one in _SETS})
"""The sets by name."""
