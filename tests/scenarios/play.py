"""Plays a scenario, and says what was lost, what came double and how soon all flowed again."""

from __future__ import annotations

import re
import tempfile
import time
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline.records import SentimentMinute, SentimentRow
from pipeline.replay.digest import digest, last_revisions
from pipeline.store import Store
from tests.scenarios.faults import PLAYS
from tests.scenarios.ground import Ground
from tests.scenarios.reference import Reference, first_difference, reference
from tests.scenarios.scenario import Fault, Scenario
from tests.scenarios.stage import Stage, staged

_STARTED_AT_ONCE = ("kill", "kill_all", "terminate", "zombie", "join")
"""Faults from whose beginning recovery counts; from the end of the others."""
_ENDED = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d+) \S+ +supervisor \S+ worker \d+ \(pid \d+\) ended (.*) after"
)


@dataclass(frozen=True)
class Outcome:
    """What became of a scenario."""

    scenario: str
    documents: int
    """Records that were published, duplicates and poison included."""
    faults: int
    """Faults that were played, ends of workers by their own hand included."""
    lost: int
    double: int
    repeated: int
    """Records in topics that came more than once word for word, as at-least-once delivery may."""
    same_digest: bool
    recovery: float | None
    """Seconds until all flowed again after the worst fault; None where nothing had to."""
    seconds: float
    """From the first document to the last acknowledgement."""
    peak_mb: float
    """Most memory that a worker held."""
    notes: tuple[str, ...] = ()
    """What is wrong, in words."""
    log: str = field(default="", repr=False)

    @property
    def right(self) -> bool:
        """Nothing lost, nothing double, the same digest, in time."""
        return not (self.lost or self.double or self.notes) and self.same_digest


def play(scenario: Scenario, ground: Ground) -> Outcome:
    """Play it from beginning to end; servers that it stopped run again afterwards."""
    with tempfile.TemporaryDirectory(prefix="scenario-", dir=ground.folder) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with staged(scenario, ground, folder) as stage:
            right = reference(stage.items, stage.settings, arrival=scenario.arrival)
            began = time.monotonic()
            passed = _run(stage)
            seconds = time.monotonic() - began
            stage.fleet.note_memory()
            status = stage.fleet.stop()
            stage.observer.stop()
            return _outcome(stage, right, passed, seconds, status)


@dataclass
class _Passed:
    """When faults were over, and which ones never came."""

    at: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def _run(stage: Stage) -> _Passed:
    passed = _Passed()
    faults = [stage.ground.threads.submit(_fault, stage, fault, passed) for fault in stage.scenario.faults]
    stage.publisher.start()
    while not _arrived(stage, faults):
        for part in (stage.publisher, stage.observer):
            if part.error is not None:
                raise AssertionError(f"{type(part).__name__} failed") from part.error
        finished = stage.publisher.finished_at
        if finished is not None and time.monotonic() - finished > stage.scenario.patience:
            passed.errors.append(
                f"not all had arrived {stage.scenario.patience:.0f} s after the last document"
            )
            break
        stage.fleet.note_memory()
        time.sleep(0.5)
    return passed


def _arrived(stage: Stage, faults: list[Future[None]]) -> bool:
    return (
        stage.publisher.finished_at is not None
        and all(fault.done() for fault in faults)
        and stage.observer.complete
        and stage.observer.acknowledged()
        and _delivered(stage)
    )


def _delivered(stage: Stage) -> bool:
    """Tell whether every alert was notified, where the scenario has somebody to notify."""
    if stage.receiver is None:
        return True
    heard = {alert["labels"]["key"] for post in list(stage.receiver.posts) for alert in post.json()["alerts"]}
    return {event.key for event in stage.observer.events} <= heard


def _fault(stage: Stage, fault: Fault, passed: _Passed) -> None:
    if not stage.publisher.wait_for(fault.after):
        passed.errors.append(f"{fault.do} after {fault.after} never came")
        return
    try:
        began = time.monotonic()
        PLAYS[fault.do](stage, fault)
        passed.at.append(began if fault.do in _STARTED_AT_ONCE else time.monotonic())
    except BaseException as error:
        passed.errors.append(f"{fault.do} could not be played: {error!r}")


def _outcome(stage: Stage, right: Reference, passed: _Passed, seconds: float, status: int) -> Outcome:
    scenario, seen = stage.scenario, stage.observer
    notes = list(passed.errors)
    if status:
        notes.append(f"the supervisor ended with status {status}")
    log = stage.log.read_text(errors="replace")
    ends = _ends(log)
    notes += [f"the mine {mine.name} never went off" for mine in (stage.log.parent / "mines").iterdir()]

    distinct = set(seen.scored.values())
    unseen = len(seen.documents - seen.scored.keys() - seen.rejected) + len(right.ids - distinct)
    counted = _documents(last_revisions(seen.minutes))
    with Store.open(stage.store_url) as store:
        stored = {each.id for each in store.each_document(stage.settings.run)}
        points = store.sentiment(stage.settings.run)
        events = store.alert_events(stage.settings.run)
    by_minute: defaultdict[tuple[datetime, int], list[SentimentRow]] = defaultdict(list)
    for point in points:
        by_minute[point.minute, point.revision].append(point.row)
    minutes = [
        SentimentMinute(run=stage.settings.run, minute=minute, revision=revision, rows=tuple(of_minute))
        for (minute, revision), of_minute in by_minute.items()
    ]
    lost = {
        "from the topics": unseen,
        "from the counts": max(0, len(right.ids) - counted),
        "from the store": len(right.ids - stored),
        "from the stored counts": max(0, len(right.ids) - _documents(minutes)),
        "alert events from the store": max(0, len(right.events) - len(events)),
    }
    double = {
        "records that contradict others": seen.contradicted,
        "in the counts": max(0, counted - len(right.ids)),
        "in the store": len(stored - right.ids),
        "in the stored counts": max(0, _documents(minutes) - len(right.ids)),
        "alert events in the store": max(0, len(events) - len(right.events)),
    }
    notes += [f"{count} lost {where}" for where, count in lost.items() if count]
    notes += [f"{count} double: {where}" for where, count in double.items() if count]
    live, kept = digest(seen.minutes, seen.events), digest(minutes, events)
    if live != right.digest:
        notes.append(
            f"the topics' digest differs, first in {first_difference(right, seen.minutes, seen.events)}"
        )
    if kept != right.digest:
        notes.append(f"the store's digest differs, first in {first_difference(right, minutes, events)}")
    recovery = _recovery([*passed.at, *ends], seen.progress)
    if recovery is not None and recovery > scenario.recovery:
        notes.append(f"it took {recovery:.1f} s to recover, not {scenario.recovery:.0f}")
    return Outcome(
        scenario=scenario.name,
        documents=len(seen.documents),
        faults=len(scenario.faults) + len(scenario.mines),
        lost=sum(lost.values()),
        double=sum(double.values()),
        repeated=seen.repeated,
        same_digest=live == kept == right.digest,
        recovery=recovery,
        seconds=seconds,
        peak_mb=max(stage.fleet.peak_mb.values(), default=0.0),
        notes=tuple(notes),
        log=log,
    )


def _documents(minutes: list[SentimentMinute]) -> int:
    return sum(row.documents for minute in minutes for row in minute.rows if row.key == "overall")


def _ends(log: str) -> list[float]:
    """Monotonic seconds at which the supervisor found a worker ended."""
    ahead = time.time() - time.monotonic()
    return [
        datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").timestamp() + int(found[2]) / 1000 - ahead
        for found in _ENDED.finditer(log)
    ]


def _recovery(moments: list[float], progress: dict[str, list[float]]) -> float | None:
    """Seconds from the worst moment until everything that had more to bring had brought something new."""
    waited = [
        min(after) - moment
        for moment in moments
        for times in progress.values()
        if (after := [at for at in times if at > moment])
    ]
    return max(waited, default=None)
