from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.aggregate import Aggregate
from pipeline.classify import Classified, Incoming, classify_batch
from pipeline.records import Document, Tally
from pipeline.settings import EventTimeSettings
from pipeline.tally import rows_of
from tests.keyword_classifier import KeywordClassifier

NOW = datetime(2023, 3, 10, 16, 0, tzinfo=UTC)


def record(offset: int, title: str, partition: int = 0) -> Incoming:
    document = Document(id=f"{partition}-{offset}", source="Harbor Wire", published_at=NOW, title=title)
    return Incoming(partition, offset, msgspec.json.encode(document))


def classify(batch: list[Incoming], *, live: bool = True) -> Classified:
    return classify_batch(
        batch, KeywordClassifier(), run="live" if live else "r", topic="tocsin.documents",
        now=NOW, future_tolerance=300, live=live,
    )  # fmt: skip


def test_a_tally_accounts_for_every_offset_of_its_partition() -> None:
    batch = [record(7, "Lender halts withdrawals"), record(3, "Stocks rally", 1), record(8, "Oil gains")]
    result = classify(batch)
    assert [(t.partition, t.start, t.end, rows_of(t)["offset"].tolist()) for t in result.tallies] == [
        (0, 7, 9, [7, 8]),
        (1, 3, 4, [3]),
    ]
    assert [(s.topic, s.tone, s.score) for s in result.scored] == [
        ("financials", "negative", -0.85),
        ("energy_oil", "positive", 0.85),
        ("markets", "positive", 0.85),
    ]


def test_unreadable_input_is_rejected_with_its_reason_and_still_accounted_for() -> None:
    batch = [Incoming(0, 0, b"{"), record(1, "Stocks rally"), Incoming(0, 2, b'{"id": "x"}')]
    result = classify(batch)
    assert [(r.offset, r.reason, r.raw) for r in result.rejected] == [
        (0, "bad_json", b"{"),
        (2, "missing_field", b'{"id": "x"}'),
    ]
    assert (result.tallies[0].start, result.tallies[0].end, result.tallies[0].rejected) == (0, 3, (0, 2))


def test_a_text_the_model_fails_on_costs_that_text_alone() -> None:
    result = classify([record(0, "Stocks rally"), record(1, "crash the model"), record(2, "Oil gains")])
    assert [s.offset for s in result.scored] == [0, 2]
    assert [(r.offset, r.reason) for r in result.rejected] == [(1, "unclassifiable")]


def test_a_batch_of_texts_that_the_model_fails_on_is_rejected_text_by_text() -> None:
    result = classify([record(0, "crash the model"), record(1, "crash the model")])
    assert [each.reason for each in result.rejected] == ["unclassifiable"] * 2


@pytest.mark.parametrize("documents", [1, 2])
def test_a_model_that_fails_on_everything_is_an_error_not_a_rejection(
    documents: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def classify_nothing(self: KeywordClassifier, texts: list[str]) -> None:
        raise OSError("the model's process is gone")

    monkeypatch.setattr(KeywordClassifier, "classify", classify_nothing)
    with pytest.raises(OSError, match="gone"):
        classify([record(offset, "Stocks rally") for offset in range(documents)])


def test_the_mark_of_a_replays_end_is_no_document() -> None:
    result = classify([record(0, "Stocks rally"), Incoming(0, 1, b"", end=True)], live=False)
    assert not result.rejected
    assert (result.tallies[0].end, result.tallies[0].final, result.tallies[0].clock) == (2, True, None)


def test_an_end_mark_counts_wherever_it_stands_in_a_batch() -> None:
    # What was sent again after it, a broker having been away, is a duplicate and takes nothing back.
    batch = [record(0, "Stocks rally"), Incoming(0, 1, b"", end=True), record(2, "Stocks rally")]
    [told] = classify(batch, live=False).tallies
    assert (told.start, told.end, told.final) == (0, 3, True)


def test_only_the_live_run_has_a_clock() -> None:
    assert classify([record(0, "Stocks rally")]).tallies[0].clock == int(NOW.timestamp())


@given(st.lists(st.integers(0, 20), min_size=1))
def test_a_batch_read_across_a_rebalance_accounts_for_what_it_holds_and_nothing_else(
    offsets: list[int],
) -> None:
    result = classify([record(offset, f"Bank {offset} fails") for offset in offsets])
    rows = [offset for tally in result.tallies for offset in rows_of(tally)["offset"].tolist()]
    assert rows == sorted(set(offsets)) == [s.offset for s in result.scored]
    claimed = [offset for tally in result.tallies for offset in range(tally.start, tally.end)]
    assert claimed == rows


def test_what_another_worker_has_in_hand_is_not_claimed() -> None:
    """A partition that was taken away and came back: what lies between is counted by whoever has read it."""
    settings = EventTimeSettings()
    mine = classify([record(0, "Bank 0 fails"), record(1, "Bank 1 fails"), record(4, "Bank 4 fails")])
    theirs = classify([record(2, "Bank 2 fails"), record(3, "Bank 3 fails")])
    aggregate = Aggregate("live", 1, settings)
    for tally in (*mine.tallies, *theirs.tallies):
        aggregate.apply(tally)
    aggregate.apply(Tally(run="live", partition=0, start=5, end=5, final=True))
    assert aggregate.totals.documents == 5


def test_a_document_carries_the_source_s_language_else_the_detected_one() -> None:
    def scored(title: str, lang: str = "", **options: bool) -> str:
        document = Document(id="1", source="Harbor Wire", published_at=NOW, title=title, lang=lang)
        batch = [Incoming(0, 0, msgspec.json.encode(document))]
        result = classify_batch(
            batch, KeywordClassifier(), run="r", topic="t", now=NOW, future_tolerance=300,
            live=False, **options,
        )  # fmt: skip
        return result.scored[0].lang

    assert scored("Stocks rally after the bank's results") == "en"
    assert scored("央行宣布降准，沪指大涨") == "zh"
    assert scored("Stocks rally", "en-GB") == "en-GB"
    assert scored("+3 %") == "und"
    assert scored("Stocks rally after the bank's results", detect_language=False) == ""


def test_the_classifier_gets_as_much_of_a_text_as_it_looks_at() -> None:
    class Reading(KeywordClassifier):
        max_chars = 20
        seen: list[str]

        def classify(self, texts):  # type: ignore[no-untyped-def]
            self.seen = list(texts)
            return super().classify(texts)

    classifier = Reading()
    classify_batch(
        [record(0, "Lender halts withdrawals, again")], classifier, run="r", topic="t", now=NOW,
        future_tolerance=300, live=False,
    )  # fmt: skip
    assert classifier.seen == ["Lender halts withdra"]
