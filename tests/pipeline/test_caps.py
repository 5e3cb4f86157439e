from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import LEARNING_HOURS, Caps, CapsState

KEY = "financials"
WIRE, FORUM, BLOG = 11, 12, 13


def learnt(**shares: int) -> Caps:
    """Caps that know what the wire, the forum and the blog usually bring in an hour."""
    caps = Caps(author=2, source=4)
    for hour in range(LEARNING_HOURS + 1):
        caps.begin_hour(hour)
        caps.tell(KEY, [(source, shares[name]) for name, source in NAMES.items() if name in shares])
    caps.begin_hour(LEARNING_HOURS * 2)
    return caps


NAMES = {"wire": WIRE, "forum": FORUM, "blog": BLOG}


def admitted(caps: Caps, count: int, source: int, author: int = 0) -> int:
    return sum(caps.admit(KEY, source, author) for _ in range(count))


def test_one_author_counts_twice_a_day() -> None:
    caps = learnt(forum=9, wire=9)
    assert admitted(caps, 50, FORUM, author=7) == 2
    assert admitted(caps, 50, FORUM, author=8) == 2
    caps.begin_hour(LEARNING_HOURS * 2 + 1)
    assert admitted(caps, 50, FORUM, author=7) == 0
    caps.begin_hour(LEARNING_HOURS * 3)
    assert admitted(caps, 50, FORUM, author=7) == 2


def test_articles_are_not_capped_by_author() -> None:
    assert admitted(learnt(wire=9, forum=1), 50, WIRE) == 50


def test_a_source_that_usually_brings_little_cannot_flood() -> None:
    caps = learnt(wire=30, forum=2, blog=8)
    assert admitted(caps, 500, FORUM) == 4
    assert admitted(caps, 500, WIRE) == 500


def test_what_others_confirm_is_counted() -> None:
    caps = learnt(wire=4, forum=4, blog=4)
    assert admitted(caps, 5, WIRE) == 4
    assert admitted(caps, 4, BLOG) == 4
    assert admitted(caps, 100, FORUM) == 3 * 8


def test_the_only_feed_is_never_silenced() -> None:
    assert admitted(learnt(wire=30), 500, WIRE) == 500


def test_nothing_is_capped_by_source_while_learning() -> None:
    caps = Caps(author=2, source=4)
    caps.begin_hour(0)
    caps.tell(KEY, [(WIRE, 5), (FORUM, 1)])
    assert admitted(caps, 50, FORUM) == 50


def test_one_loud_hour_makes_no_source_usual() -> None:
    caps = learnt(wire=30, forum=2)
    caps.tell(KEY, [(FORUM, 100_000)])
    caps.begin_hour(LEARNING_HOURS * 2 + 1)
    assert admitted(caps, 50, FORUM) == 4


def test_zero_switches_a_cap_off() -> None:
    caps = Caps(0, 0, learnt(wire=30, forum=2).state)
    assert admitted(caps, 50, FORUM, author=7) == 50


@given(st.lists(st.tuples(st.sampled_from([WIRE, FORUM, BLOG]), st.integers(0, 4)), max_size=60))
def test_one_author_never_counts_for_more_than_the_cap(told: list[tuple[int, int]]) -> None:
    caps = learnt(wire=10, forum=10, blog=1)
    counted: dict[int, int] = {}
    for source, author in told:
        if caps.admit(KEY, source, author) and author:
            counted[author] = counted.get(author, 0) + 1
    assert all(count <= 2 for count in counted.values())


def test_state_stays_small_whatever_sources_come() -> None:
    caps = Caps(author=2, source=4)
    for hour in range(100):
        caps.begin_hour(hour)
        caps.tell(KEY, [(WIRE, 500), *((1000 * hour + n, 1) for n in range(500))])
    caps.begin_hour(100)
    assert len(caps.state.shares[KEY].usual) <= 1000
    assert isinstance(caps.state, CapsState)
