"""What figures mean, in words."""

from __future__ import annotations

from collections.abc import Sequence

from models.evaluation.calibration import Calibration
from models.evaluation.comparison import Comparison, Difference


def p_words(p: float) -> str:
    """A p-value as papers print it.

    >>> p_words(0.0123), p_words(0.00002), p_words(1.0)
    ('p = .012', 'p < .001', 'p = 1')
    """
    if p < 0.001:
        return "p < .001"
    return "p = " + (f"{p:.3f}".lstrip("0").rstrip("0").rstrip(".") if p < 0.9995 else "1")


def points(difference: Difference) -> str:
    """A difference and its interval in percentage points."""
    low, high = (100 * value for value in (difference.interval.low, difference.interval.high))
    return f"{100 * difference.value:+.1f} points [{low:.1f}, {high:.1f}]"


def in_words(one: Comparison) -> str:
    """Say what a comparison found, and what it could have found."""
    accuracy, f1 = one.accuracy, one.macro_f1
    by_accuracy = f"{points(accuracy)}, McNemar {p_words(accuracy.adjusted)}"
    by_f1 = f"{points(f1)}, randomisation {p_words(f1.adjusted)}"
    if accuracy.verdict == f1.verdict == "no difference":
        return (
            "no difference that this many rows can show; the smallest difference in accuracy they would show "
            f"is about {100 * one.smallest:.1f} points"
        )
    if accuracy.verdict == "no difference":
        return f"B is {f1.verdict} in macro-F1: {by_f1}; accuracy shows no difference ({by_accuracy})"
    if f1.verdict not in ("no difference", accuracy.verdict):
        return f"B is {accuracy.verdict} in accuracy ({by_accuracy}) and {f1.verdict} in macro-F1 ({by_f1})"
    return f"B is {accuracy.verdict}: {by_accuracy}"


def all_in_words(comparisons: Sequence[Comparison]) -> str:
    """Say what the last comparison found, overall where there are several, and which sets say otherwise."""
    *sets, last = comparisons
    other = {
        verdict: " and ".join(one.name for one in sets if one.verdict == verdict != last.verdict)
        for verdict in ("better", "worse")
    }
    said = [f"B is {verdict} on {names}" for verdict, names in other.items() if names]
    return "; ".join([("Overall: " if sets else "") + in_words(last), *said])


def calibration_in_words(one: Calibration) -> str:
    """Say whether a calibration error is more than noise on so many rows."""
    found = "more than chance shows" if one.chance_high < one.ece else "no more than chance shows"
    return (
        f"{one.ece:.3f} is {found} on so many rows: a perfectly calibrated model would show {one.chance:.3f} "
        f"on average and at most {one.chance_high:.3f} 95 times in 100 ({p_words(one.p_value)})"
    )
