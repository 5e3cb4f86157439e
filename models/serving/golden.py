"""Sentences in our own words that a model must answer as it did when it was made.

A wrong vocabulary, damaged weights or classes in another order change these answers by far more than the
tolerance; another processor's arithmetic does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.errors import ModelError
from models.scores import Scores
from models.serving.manifest import Golden

TOLERANCE = 120
"""Thousandths that a probability may differ: processors without 8-bit dot products round sums differently."""

_SENTENCES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Quarterly profit doubled and the board raised its outlook for the year.",
        "Sales fell 18 % and the company warned of a deep operating loss.",
        "The annual general meeting will be held in Helsinki on 12 April.",
        "The central bank left its policy rate unchanged at 2.5 % and sees inflation easing.",
        "Oil slips below $70 a barrel as stockpiles rise for a fifth week.",
        "The bank's shares plunged 60 % after depositors rushed to withdraw their money.",
        "Directors declare a quarterly dividend of $0.42 a share, payable in June.",
        "The chief executive resigned at once and the finance director takes over for now.",
        "Regulators sue the exchange for selling unregistered securities.",
        "The chip maker agreed to buy its smaller rival for $4.1 billion in cash.",
        "Ten-year Treasury yields climb to their highest since autumn after a weak auction.",
        "Unemployment rose more than expected as factories cut jobs, the statistics office said.",
        "Broker cuts the airline to sell and halves its price target.",
        "The euro drops to parity with the dollar.",
        "The senate votes tomorrow on the president's nominee for the court.",
    ),
    "zh": (
        "该公司上半年净利润同比增长四成，并上调全年业绩预期。",
        "受订单减少影响，公司三季度营收下滑两成，由盈转亏。",
        "公司将于5月20日召开年度股东大会。",
        "央行宣布维持一年期贷款市场报价利率不变。",
        "国际油价跌破每桶70美元，库存连续第五周上升。",
        "储户挤兑引发恐慌，该银行股价单日暴跌六成。",
        "董事会通过分红方案，每十股派发现金红利三元。",
        "监管部门对该交易所涉嫌违规发行代币立案调查。",
        "芯片企业以41亿美元现金收购规模较小的竞争对手。",
        "又被套牢了，明天割肉走人。",
        "利好不断，明天继续涨停！",
    ),
}


def golden_texts(languages: Sequence[str]) -> tuple[str, ...]:
    """The sentences in these languages; English ones for a model of none that we have sentences in."""
    known = [language for language in languages if language in _SENTENCES] or ["en"]
    return tuple(text for language in known for text in _SENTENCES[language])


def to_golden(texts: Sequence[str], topics: Sequence[str], scores: Scores) -> tuple[Golden, ...]:
    """Record what a model said of the sentences."""
    return tuple(
        Golden(
            text=text,
            topic=topics[int(scores.topic[i])],
            p_topic=int(scores.p_topic[i]),
            tones=(int(scores.tones[i, 0]), int(scores.tones[i, 1]), int(scores.tones[i, 2])),
        )
        for i, text in enumerate(texts)
    )


def _answer(golden: Golden) -> str:
    negative, neutral, positive = (p / 1000 for p in golden.tones)
    return (
        f"{golden.topic} ({golden.p_topic / 1000:.3f}), "
        f"negative {negative:.3f}, neutral {neutral:.3f}, positive {positive:.3f}"
    )


def check_golden(expected: Sequence[Golden], said: Sequence[Golden]) -> None:
    """Raise ModelError when an answer is not the expected one, tolerance granted."""
    for want, got in zip(expected, said, strict=True):
        apart = max(abs(a - b) for a, b in zip(want.tones, got.tones, strict=True))
        # Under the tolerance two close topics may change places.
        topic_differs = want.topic != got.topic and want.p_topic > 500 + TOLERANCE
        if apart > TOLERANCE or topic_differs or abs(want.p_topic - got.p_topic) > TOLERANCE:
            raise ModelError(
                f"the model does not answer as it did when it was made. {want.text!r}: "
                f"expected {_answer(want)}, got {_answer(got)}. Its files or class order do not belong "
                "together: fetch the whole folder again"
            )
