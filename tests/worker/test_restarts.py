from pipeline.worker.restarts import Restarts


def test_the_first_restart_comes_at_once_and_each_further_one_waits_twice_as_long() -> None:
    restarts = Restarts()
    assert [restarts.ended(lived=1.0) for _ in range(9)] == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert restarts.in_a_row == restarts.total == 9


def test_having_run_for_a_while_makes_good() -> None:
    restarts = Restarts()
    for _ in range(5):
        restarts.ended(lived=1.0)
    assert restarts.ended(lived=10.0) == 0.25
    assert (restarts.in_a_row, restarts.total) == (1, 6)
