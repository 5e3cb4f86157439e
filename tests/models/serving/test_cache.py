from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from models.serving.cache import LogitsCache, text_digest


def test_what_was_asked_for_least_lately_goes_first() -> None:
    cache = LogitsCache(2)
    cache.put({b"a": b"1", b"b": b"2"})
    assert cache.get([b"a"]) == {b"a": b"1"}
    cache.put({b"c": b"3"})
    assert cache.get([b"a", b"b", b"c"]) == {b"a": b"1", b"c": b"3"}
    assert cache.info().entries == cache.info().size == 2


def test_counts_add_up() -> None:
    cache = LogitsCache(2)
    cache.count(3, 1)
    cache.count(0, 2)
    assert cache.info()[:2] == (3, 3)


def test_threads_may_share_it() -> None:
    cache = LogitsCache(50)

    def work(worker: int) -> None:
        for number in range(500):
            key = text_digest(str(number % 90))
            assert cache.get([key]).get(key, key) == key
            cache.put({key: key})
            cache.count(1, 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert cache.info() == (2000, 2000, 50, 50)


@given(st.text(), st.text())
def test_texts_are_told_apart_by_sixteen_bytes(one: str, other: str) -> None:
    assert len(text_digest(one)) == 16
    assert (text_digest(one) == text_digest(other)) == (one == other)


def test_a_lone_surrogate_has_a_key_too() -> None:
    assert text_digest("\ud83d") != text_digest("\ufffd")
