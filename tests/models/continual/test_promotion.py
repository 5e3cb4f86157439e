from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from models.continual.promotion import Change, promotion

SHARES = st.floats(0, 1)


@st.composite
def change(draw: st.DrawFn, protected: bool | None = None) -> Change:
    current, candidate = draw(SHARES), draw(SHARES)
    return Change(
        set=draw(st.sampled_from(("fpb", "tfn_topic", "corrections"))),
        metric=draw(st.sampled_from(("accuracy", "macro_f1"))),
        rows=draw(st.integers(1, 5000)),
        current=current,
        candidate=candidate,
        low=candidate - current - draw(st.floats(0, 0.2)),
        protected=draw(st.booleans()) if protected is None else protected,
        tolerance=draw(st.floats(0, 0.2)),
    )


CHANGES = st.lists(change(), max_size=6)
HELD = Change("fpb", "accuracy", 486, 0.87, 0.872, -0.01)


@given(CHANGES)
def test_promoted_means_that_no_protected_metric_fell_beyond_its_tolerance(changes: list[Change]) -> None:
    decision = promotion(changes)
    assert decision.promote == (not decision.reasons)
    if decision.promote:
        assert any(change.protected for change in changes)
        for each in changes:
            fell = each.current - each.candidate
            assert fell < each.tolerance + 1e-9 if each.protected else fell <= 0


@given(CHANGES, st.permutations(range(6)))
def test_the_order_of_sets_does_not_matter(changes: list[Change], order: list[int]) -> None:
    mixed = [changes[i] for i in order if i < len(changes)]
    one, other = promotion(changes), promotion(mixed)
    assert one.promote == other.promote
    assert sorted(one.reasons) == sorted(other.reasons)


@given(CHANGES, st.integers(0, 5), st.floats(0, 0.5))
def test_a_better_candidate_is_never_refused_for_being_better(
    changes: list[Change], which: int, gain: float
) -> None:
    better = [
        replace(each, candidate=each.candidate + gain, low=each.low + gain) if i == which else each
        for i, each in enumerate(changes)
    ]
    if promotion(changes).promote:
        assert promotion(better).promote


@given(CHANGES, st.floats(0, 0.5))
def test_a_wider_tolerance_refuses_nothing_more(changes: list[Change], more: float) -> None:
    wider = [replace(each, tolerance=each.tolerance + more) for each in changes]
    if promotion(changes).promote:
        assert promotion(wider).promote


@given(CHANGES, change(protected=True))
def test_one_more_protected_set_never_makes_a_promotion_of_a_refusal(
    changes: list[Change], more: Change
) -> None:
    if any(each.protected for each in changes) and not promotion(changes).promote:
        assert not promotion([*changes, more]).promote


def test_nothing_protected_is_no_promotion() -> None:
    gained = replace(HELD, set="corrections", protected=False)
    assert "no protected set" in promotion([gained]).reasons[0]
    assert "no protected set" in promotion([]).reasons[0]


def test_few_rows_cannot_show_that_nothing_was_forgotten() -> None:
    decision = promotion([HELD, replace(HELD, set="own", rows=40, low=-0.06)])
    assert decision.reasons == (
        "accuracy of own (40 rows): 0.870 now, 0.872 retrained; with 40 rows it may have fallen by more than "
        "the tolerance of 0.03 (lower bound -0.060)",
    )


def test_worse_on_the_corrections_is_refused() -> None:
    worse = replace(HELD, set="corrections", candidate=0.86, protected=False)
    assert "which is worse" in promotion([HELD, worse]).reasons[0]


def test_what_is_no_number_never_holds() -> None:
    nan = float("nan")
    assert not promotion([replace(HELD, low=nan)]).promote
    assert not promotion([HELD, replace(HELD, candidate=nan, protected=False)]).promote
