import numpy as np

from pipeline.lateness import BOUNDS, MOST_SOURCES, OTHER, Lateness


def observe(target: Lateness, source: int, *seconds: int, late: int = 0) -> None:
    target.observe(
        {source: f"source {source}"},
        np.full(len(seconds), source),
        np.array(seconds),
        np.arange(len(seconds)) < late,
    )


def test_a_source_has_figures_of_its_own_once_it_has_brought_enough() -> None:
    target = Lateness()
    observe(target, 1, *[0] * 99)
    assert set(target.counts) == {OTHER}
    observe(target, 1, 0, 130, 10**6, late=1)
    assert target.counts["source 1"][0] == 1
    assert target.counts["source 1"][BOUNDS.index(300.0)] == 1
    assert target.counts["source 1"][-1] == 1
    assert target.sums["source 1"] == 130 + 10**6
    assert target.late["source 1"] == 1


def test_names_from_outside_stay_few() -> None:
    target = Lateness()
    for source in range(5000):
        observe(target, source, *[1] * (150 if source % 100 == 0 else 1))
    assert len(target.counts) == MOST_SOURCES + 1
    assert sum(map(sum, target.counts.values())) == 50 * 150 + 4950
