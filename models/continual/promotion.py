"""Whether a retrained model may take the place of the current one: a pure verdict over paired comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TOLERANCE = 0.03
"""How far a protected metric may fall: what 400 rows can tell from chance."""


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one set under the current model and under the candidate, on the same rows."""

    set: str
    metric: str
    """`accuracy` or `macro_f1`, a share in [0, 1]."""
    rows: int
    current: float
    candidate: float
    low: float
    """Lower confidence bound of candidate - current (paired bootstrap)."""
    protected: bool = True
    """Must not fall; a set that is not protected is what the candidate was trained to do better."""
    tolerance: float = TOLERANCE
    """How far it may fall, where it is protected."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was asked of one change, and whether it holds."""

    change: Change
    holds: bool
    text: str
    """The answer as a sentence."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with everything it rests on."""

    checks: tuple[Check, ...]

    @property
    def promote(self) -> bool:
        """Whether the candidate may take over: something was checked, and everything holds."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not; empty when it may."""
        if not any(check.change.protected for check in self.checks):
            return ("no protected set was measured: nothing shows that the candidate has forgotten nothing",)
        return tuple(check.text for check in self.checks if not check.holds)


def promotion(changes: Sequence[Change]) -> Decision:
    """Decide by non-inferiority: no protected metric may have fallen by more than its tolerance.

    A protected metric holds when the lower confidence bound of its change lies above -tolerance: that it fell
    further is then as good as excluded, not merely unseen (non-inferiority, as in Piaggio et al., JAMA 2012).
    Of the sets that are not protected the candidate must not be worse. A change that is no number never
    holds.
    """
    return Decision(tuple(map(_check, changes)))


def _check(change: Change) -> Check:
    what = (
        f"{change.metric} of {change.set} ({change.rows:,} rows): "
        f"{change.current:.3f} now, {change.candidate:.3f} retrained"
    )
    if not change.protected:
        holds = change.candidate >= change.current
        return Check(change, holds, what + (", not worse" if holds else ", which is worse"))
    tolerance = change.tolerance
    holds = change.low > -tolerance
    if holds:
        return Check(change, True, f"{what}; it fell by less than {tolerance:g}")
    fell = change.current - change.candidate > tolerance
    why = "it fell by more than" if fell else f"with {change.rows:,} rows it may have fallen by more than"
    bound = f" (lower bound {change.low:+.3f})"
    return Check(change, False, f"{what}; {why} the tolerance of {tolerance:g}{bound}")
