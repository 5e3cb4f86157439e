from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import UsageError
from pipeline.store import Store, actions
from tests.records import START, alert_event

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def told(store: Store, alert_id: str = "a1") -> list[tuple[str, str]]:
    return [(entry.action, entry.by) for entry in actions.journal(store, alert_id)]


def test_every_event_is_in_the_journal_once_however_often_the_log_is_read(store: Store) -> None:
    log = [
        alert_event(0),
        alert_event(1, reason="escalated", severity="critical"),
        alert_event(2, reason="confirmed", severity="critical"),
        alert_event(3, state="resolved"),
    ]
    store.write_alerts(log[:2])
    store.write_alerts(log)
    store.write_alerts(log)
    entries = actions.journal(store, "a1")
    assert [(entry.seq, entry.action) for entry in entries] == [
        (0, "pending"), (1, "fired"), (2, "escalated"), (3, "confirmed"), (4, "resolved"),
    ]  # fmt: skip
    assert entries[0].event_time == START
    assert entries[1].event_time == START + timedelta(minutes=10)
    assert entries[4].event_time == START + timedelta(minutes=90)
    assert "42 negative stories where 3.1 are normal" in entries[1].reason
    assert entries[1].detail["severity"] == "warning"


def test_who_has_seen_an_alert_is_kept_with_its_severity_of_then(store: Store) -> None:
    store.write_alerts([alert_event()])
    assert actions.acknowledgement(store, "a1") is None
    actions.acknowledge(store, "a1", by="ann", at=NOW, note="calling the desk")
    store.write_alerts([alert_event(1, severity="critical", reason="escalated")])
    actions.acknowledge(store, "a1", by="bob", at=LATER)
    newest = actions.acknowledgement(store, "a1")
    assert newest == actions.Acknowledgement(by="bob", at=LATER, note="", severity="critical")
    assert set(actions.acknowledgements(store, ["a1", "a2"])) == {"a1"}
    assert told(store)[-3:] == [("acknowledged", "ann"), ("escalated", "detector"), ("acknowledged", "bob")]


def test_a_mute_holds_until_it_ends_or_is_lifted(store: Store) -> None:
    store.write_alerts([alert_event(), alert_event(id="a2", key="gold"), alert_event(id="a3", run="lehman")])
    actions.mute(store, run="live", key="financials", until=LATER, by="ann", at=NOW, reason="known story")
    [mute] = actions.active_mutes(store, "live", NOW)
    assert (mute.key, mute.until, mute.by, mute.reason) == ("financials", LATER, "ann", "known story")
    assert mute.covers("financials", NOW)
    assert not mute.covers("gold", NOW)
    assert not mute.covers("financials", LATER)
    assert actions.active_mutes(store, "live", LATER) == []
    assert actions.active_mutes(store, "lehman", NOW) == []
    minute = NOW + timedelta(minutes=1)
    assert actions.unmute(store, run="live", key="financials", by="bob", at=minute) == 1
    assert actions.unmute(store, run="live", key="financials", by="bob", at=minute) == 0
    assert actions.active_mutes(store, "live", minute) == []
    assert told(store)[-2:] == [("muted", "ann"), ("unmuted", "bob")]
    assert ("muted", "ann") not in told(store, "a2") + told(store, "a3")
    assert told(store, actions.subject("live", "financials")) == [("muted", "ann"), ("unmuted", "bob")]


def test_a_whole_run_can_be_muted_and_the_past_cannot(store: Store) -> None:
    actions.mute(store, run="live", key="*", until=LATER, by="ann", at=NOW)
    assert actions.active_mutes(store, "live", NOW)[0].covers("gold", NOW)
    with pytest.raises(UsageError, match="is past"):
        actions.mute(store, run="live", key="*", until=NOW, by="ann", at=NOW)


def test_verdicts_are_all_kept_and_outlive_the_run(store: Store) -> None:
    store.write_alerts([alert_event(run="lehman")])
    actions.give_verdict(store, "a1", verdict="noise", by="ann", at=NOW, note="fifty wordings of one survey")
    actions.give_verdict(store, "a1", verdict="useful", by="bob", at=LATER)
    given = [(each.verdict, each.by) for each in actions.verdicts(store, "a1")]
    assert given == [("noise", "ann"), ("useful", "bob")]
    assert told(store)[-2:] == [("verdict", "ann"), ("verdict", "bob")]
    store.delete_run("lehman")
    assert len(actions.verdicts(store, run="lehman")) == 2
    assert told(store) == []


@pytest.mark.parametrize("what", ["acknowledge", "verdict"])
def test_an_alert_that_is_not_there_is_told(store: Store, what: str) -> None:
    with pytest.raises(UsageError, match=r"no alert zz.*tocsin alerts list"):
        if what == "acknowledge":
            actions.acknowledge(store, "zz", by="ann", at=NOW)
        else:
            actions.give_verdict(store, "zz", verdict="noise", by="ann", at=NOW)


def test_another_verdict_is_refused(store: Store) -> None:
    store.write_alerts([alert_event()])
    with pytest.raises(UsageError, match="useful or noise"):
        actions.give_verdict(store, "a1", verdict="great", by="ann", at=NOW)


def test_the_newest_entries_of_a_run_come_oldest_first(store: Store) -> None:
    store.write_alerts([alert_event(id=f"a{n}") for n in range(3)])
    actions.acknowledge(store, "a0", by="ann", at=datetime.now(UTC) + timedelta(days=1))
    newest = actions.journal(store, run="live", limit=2)
    assert len(newest) == 2
    assert (newest[-1].id, newest[-1].action) == ("a0", "acknowledged")


def test_people_at_once_lose_no_entry_and_share_no_place(store: Store) -> None:
    store.write_alerts([alert_event()])

    def act(n: int) -> None:
        actions.acknowledge(store, "a1", by=f"p{n}", at=NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(16)))
    entries = actions.journal(store, "a1")
    assert [entry.seq for entry in entries] == list(range(18))
    assert {entry.by for entry in entries[2:]} == {f"p{n}" for n in range(16)}


def test_hostile_names_and_notes_are_kept_as_text(store: Store) -> None:
    store.write_alerts([alert_event()])
    actions.acknowledge(store, "a1", by="x'); DROP TABLE alert;--\0", at=NOW, note="\ud800<b>")
    newest = actions.acknowledgement(store, "a1")
    assert newest is not None
    assert newest.by == "x'); DROP TABLE alert;--\ufffd"
