"""What people do about alerts: acknowledge, mute, unmute, give a verdict. Each is in the journal at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from msgspec import Struct
from sqlalchemy import Connection, select, update

from alerts.journal import Action, Transition
from pipeline.errors import UsageError
from pipeline.store import journal as log
from pipeline.store import schema
from pipeline.store.journal import JournalEntry
from pipeline.store.rows import key_text
from pipeline.store.store import Store
from pipeline.store.types import clean, to_milliseconds
from pipeline.store.writer import insert_new

Verdict = Literal["useful", "noise"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class UnknownAlert(UsageError):  # noqa: N818 - names what is the matter
    """No alert of that id is in the store."""


class Mute(Struct, frozen=True, kw_only=True):
    """A topic that somebody does not want to hear of until a moment. All times are wall clock."""

    run: str
    key: str
    """`overall`, a topic id, `feed/SOURCE`; `*` for everything of the run."""
    created_at: datetime
    until: datetime
    by: str
    reason: str
    lifted_at: datetime | None
    lifted_by: str

    def covers(self, key: str, now: datetime) -> bool:
        """Whether alerts of `key` are muted by it at `now`."""
        lifted = self.lifted_at is not None and self.lifted_at <= now
        return self.key in ("*", key) and self.created_at <= now < self.until and not lifted


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """Somebody has seen an alert."""

    by: str
    at: datetime
    note: str
    severity: str
    """Severity that the alert had then: a higher one notifies again."""


class GivenVerdict(Struct, frozen=True, kw_only=True):
    """What somebody said of an alert afterwards."""

    id: str
    at: datetime
    by: str
    verdict: Verdict
    note: str


def acknowledge(store: Store, alert_id: str, *, by: str, at: datetime, note: str = "") -> Acknowledgement:
    """Say that `by` has seen the alert: it is not notified again unless it escalates.

    Raises UnknownAlert where there is no such alert. A second acknowledgement takes the first one's place.
    """
    with store.writing() as connection:
        alert = _alert(connection, alert_id)
        entry = _transition(
            alert,
            "acknowledged",
            by,
            at,
            note or "seen",
            {"severity": alert["severity"], "note": clean(note)},
        )
        log.append(connection, [entry], at)
    return Acknowledgement(by=by, at=at, note=note, severity=alert["severity"])


def acknowledgement(store: Store, alert_id: str) -> Acknowledgement | None:
    """The newest acknowledgement of an alert, None where nobody has seen it."""
    with store.reading() as connection:
        return _acknowledgements(connection, [alert_id]).get(key_text(alert_id))


def acknowledgements(store: Store, alert_ids: Sequence[str]) -> dict[str, Acknowledgement]:
    """The newest acknowledgement of each of some alerts that has one."""
    with store.reading() as connection:
        return _acknowledgements(connection, alert_ids)


def mute(
    store: Store, *, run: str, key: str, until: datetime, by: str, at: datetime, reason: str = ""
) -> Mute:
    """Notify nobody of alerts of `key` in `run` until `until`; they are still detected and recorded."""
    if until <= at:
        raise UsageError(f"a mute must end later than now: {until:%Y-%m-%d %H:%M} UTC is past")
    row: dict[str, Any] = {
        "run": run,
        "key": key_text(key),
        "created_at": to_milliseconds(at),
        "until": to_milliseconds(until),
        "by": clean(by),
        "reason": clean(reason),
        "lifted_at": None,
        "lifted_by": "",
    }
    with store.writing() as connection:
        if insert_new(connection, schema.mute, row):
            why = f"until {until:%Y-%m-%d %H:%M %Z}" + (f": {reason}" if reason else "")
            _journal_key(connection, "muted", run, key, by, at, why, {"until": row["until"].isoformat()})
    return Mute(**row)


def unmute(store: Store, *, run: str, key: str, by: str, at: datetime) -> int:
    """Lift every mute of `key` that is in force; how many there were."""
    c = schema.mute.c
    in_force = update(schema.mute).where(
        c.run == run, c.key == key_text(key), c.until > at, c.lifted_at.is_(None)
    )
    with store.writing() as connection:
        lifted = connection.execute(in_force.values(lifted_at=at, lifted_by=clean(by))).rowcount
        if lifted:
            _journal_key(connection, "unmuted", run, key, by, at, "lifted", {})
    return lifted


def active_mutes(store: Store, run: str, now: datetime) -> list[Mute]:
    """Mutes of a run that are in force at `now`, the longest lasting first."""
    c = schema.mute.c
    query = select(schema.mute).where(
        c.run == run, c.created_at <= now, c.until > now, c.lifted_at.is_(None) | (c.lifted_at > now)
    )
    with store.reading() as connection:
        found = connection.execute(query.order_by(c.until.desc(), c.key))
        return [Mute(**row._asdict()) for row in found]


def give_verdict(
    store: Store, alert_id: str, *, verdict: str, by: str, at: datetime, note: str = ""
) -> GivenVerdict:
    """Keep whether the alert was `useful` or `noise`, by whom; every verdict is kept, the latest counts."""
    if verdict not in VERDICTS:
        raise UsageError(f"verdict {verdict}: useful or noise")
    with store.writing() as connection:
        alert = _alert(connection, alert_id)
        row = {
            "id": alert["id"],
            "at": to_milliseconds(at),
            "by": key_text(by),
            "run": alert["run"],
            "verdict": verdict,
            "note": clean(note),
        }
        if insert_new(connection, schema.verdict, row):
            why = verdict + (f": {note}" if note else "")
            detail = {"verdict": verdict, "note": clean(note)}
            log.append(connection, [_transition(alert, "verdict", by, at, why, detail)], at)
    return GivenVerdict(id=alert_id, at=at, by=by, verdict=verdict, note=note)


def verdicts(store: Store, alert_id: str | None = None, *, run: str | None = None) -> list[GivenVerdict]:
    """Every verdict on an alert, or on alerts of a run, oldest first."""
    c = schema.verdict.c
    query = select(c.id, c.at, c.by, c.verdict, c.note).order_by(c.at, c.id, c.by)
    if alert_id is not None:
        query = query.where(c.id == key_text(alert_id))
    if run is not None:
        query = query.where(c.run == run)
    with store.reading() as connection:
        return [GivenVerdict(**row._asdict()) for row in connection.execute(query)]


def journal(
    store: Store, alert_id: str | None = None, *, run: str | None = None, limit: int | None = None
) -> list[JournalEntry]:
    """The journal of one alert, or the newest `limit` entries of a run, oldest first."""
    with store.reading() as connection:
        return log.entries(connection, alert_id=alert_id, run=run, limit=limit)


def ids_like(store: Store, start: str, limit: int = 5) -> list[str]:
    """Ids of alerts that begin with `start`, at most `limit`, in order."""
    c = schema.alert.c
    query = select(c.id).where(c.id.startswith(start, autoescape=True)).order_by(c.id).limit(limit)
    with store.reading() as connection:
        return list(connection.scalars(query)) if start else []


def run_of(store: Store, alert_id: str) -> str:
    """The run that an alert is of; UnknownAlert where there is no such alert."""
    with store.reading() as connection:
        return str(_alert(connection, alert_id)["run"])


def subject(run: str, key: str) -> str:
    """The id under which the journal keeps what concerns a topic and no single alert."""
    return f"mute/{run}/{key}"


def _alert(connection: Connection, alert_id: str) -> Any:
    c = schema.alert.c
    query = select(c.id, c.run, c.key, c.severity).where(c.id == key_text(alert_id))
    found = connection.execute(query).mappings().first()
    if found is None:
        raise UnknownAlert(
            f"There is no alert {alert_id} in the store; `tocsin alerts list` shows those there are."
        )
    return found


def _transition(
    alert: Any, action: Action, by: str, at: datetime, reason: str, detail: dict[str, Any]
) -> Transition:
    return Transition(
        id=alert["id"],
        run=alert["run"],
        mark=f"{action}/{to_milliseconds(at).isoformat()}/{by}",
        action=action,
        by=by,
        reason=reason,
        detail=detail,
    )


def _journal_key(
    connection: Connection,
    action: Action,
    run: str,
    key: str,
    by: str,
    at: datetime,
    reason: str,
    detail: dict[str, Any],
) -> None:
    """Tell it of the topic, and of each of its alerts that fires now."""
    c = schema.alert.c
    firing = select(c.id, c.run).where(c.run == run, c.state == "firing")
    if key != "*":
        firing = firing.where(c.key == key_text(key))
    told = [{"id": subject(run, key), "run": run}, *connection.execute(firing).mappings()]
    detail = {"key": clean(key), **detail}
    log.append(connection, [_transition(each, action, by, at, reason, detail) for each in told], at)


def _acknowledgements(connection: Connection, alert_ids: Sequence[str]) -> dict[str, Acknowledgement]:
    c = schema.alert_journal.c
    query = (
        select(c.id, c.by, c.at, c.detail)
        .where(c.id.in_([key_text(each) for each in alert_ids]), c.action == "acknowledged")
        .order_by(c.id, c.seq)
    )
    return {
        row.id: Acknowledgement(
            by=row.by, at=row.at, note=row.detail["note"], severity=row.detail["severity"]
        )
        for row in connection.execute(query)
    }
