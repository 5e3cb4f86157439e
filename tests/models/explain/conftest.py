from __future__ import annotations

import pytest

from models.explain import Explanation, HeadExplanation, Word

HOSTILE = "<script>alert(1)</script> & \x1b[2J\u202e profit"


@pytest.fixture
def explanation() -> Explanation:
    return Explanation(
        text="profit did not double, said <b>Ann</b> & co, at length",
        model="tocsin-en-1@0123456789ab",
        method="integrated gradients",
        baseline="every token replaced by [PAD]",
        words=(
            Word("profit", 0, 6),
            Word("did", 7, 10),
            Word("not", 11, 14),
            Word("double", 15, 21),
            Word("<b>Ann</b>", 28, 38),
        ),
        read=38,
        heads=(
            HeadExplanation(
                head="tone",
                label="positive",
                probability=0.75,
                baseline_probability=0.02,
                difference=5.0,
                attributions=(2.0, 0.01, -1.0, 4.0, 0.0),
                steps=64,
            ),
        ),
    )


@pytest.fixture
def hostile() -> Explanation:
    words = tuple(
        Word(part, HOSTILE.index(part), HOSTILE.index(part) + len(part)) for part in HOSTILE.split()
    )
    return Explanation(
        text=HOSTILE,
        model="<i>model</i>",
        method="occlusion",
        baseline="</style>",
        words=words,
        read=len(HOSTILE),
        heads=(
            HeadExplanation(
                head="topic",
                label='"><img src=x>',
                probability=0.5,
                baseline_probability=0.5,
                difference=0.0,
                attributions=tuple(float(i + 1) for i in range(len(words))),
            ),
        ),
    )
