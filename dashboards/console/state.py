"""What all open pages share: the store, the settings, the model at hand, and what stands around a page."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from threading import Lock

import msgspec
from msgspec import Struct

from dashboards import query
from dashboards.console.explaining import Explainer
from dashboards.console.labelling import LabelsGo
from dashboards.console.live import Live
from dashboards.console.pages.page import Asked
from dashboards.console.views.say import Json, Say, iso
from dashboards.text import printable
from models.serving.manifest import read_manifest
from models.serving.opening import model_folder
from models.taxonomy import topic_ids
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.versions import model_path

_RUNS_SHOWN = 200
_FIRING_SHOWN = 1000


class Frame(Struct, frozen=True, kw_only=True):
    """What stands around a page: which runs there are, how fresh the data, what rings."""

    run: str = ""
    runs: tuple[str, ...] = ()
    at: datetime | None = None
    firing_ids: frozenset[str] = frozenset()
    problem: str = ""
    """Why the store is away; empty where it is not."""

    def away(self, problem: str) -> Frame:
        """The same without a store."""
        return msgspec.structs.replace(self, problem=problem)

    def told(self, by: str, *, login: bool) -> Json:
        """As it is shown."""
        return {
            "run": self.run,
            "runs": self.runs,
            "at": iso(self.at),
            "live": self.run == "live",
            "firing": len(self.firing_ids),
            "ok": not self.problem,
            "problem": printable(self.problem),
            "by": by,
            "login": login,
        }


class Console:
    """The console's shared state; safe to use from several threads."""

    def __init__(self, settings: Settings, *, login: bool = False, labels: LabelsGo = "auto") -> None:
        self.settings = settings
        self.labels: LabelsGo = labels
        self.login = login
        """Whether people log in, so that they can log out."""
        self.user = _user()
        self.explainer = Explainer(settings)
        self.live = Live()
        self.topics = _topics(settings)
        self._store: Store | None = None
        self._opening = Lock()

    @property
    def store(self) -> Store:
        """The store, opened when it is first needed; StoreUnavailable while it is away."""
        with self._opening:
            if self._store is None:
                self._store = Store.open(self.settings.store.url)
            return self._store

    def pulse(self, run: str) -> query.Pulse:
        """What changes whenever something of a run does."""
        return query.pulse(self.store, run)

    def frame(self, run: str) -> Frame:
        """What stands around a page of that run, or without one, of the run that has most to show."""
        infos = query.runs(self.store)
        names = tuple(info.run for info in infos)
        chosen = run or (self.settings.run if self.settings.run in names or not names else names[0])
        info = next((each for each in infos if each.run == chosen), None)
        firing = query.alerts(self.store, chosen, state="firing", limit=_FIRING_SHOWN)
        return Frame(
            run=chosen,
            runs=names[:_RUNS_SHOWN] if chosen in names else (chosen, *names[:_RUNS_SHOWN]),
            at=info.last if info else None,
            firing_ids=frozenset(alert.id for alert in firing),
        )

    def asked(self, run: str, say: Say, by: str) -> Asked:
        """What a page is handed when it reads or acts."""
        return Asked(
            store=self.store,
            settings=self.settings,
            say=say,
            run=run,
            by=by,
            now=datetime.now(UTC),
            explainer=self.explainer,
            topics=self.topics,
            labels=self.labels,
        )

    def close(self) -> None:
        """Close the store."""
        with self._opening:
            if self._store is not None:
                self._store.close()
                self._store = None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "analyst"


def _topics(settings: Settings) -> tuple[str, ...]:
    """Topic ids of the model that the settings name, else Tocsin's own: pages open without a model, too."""
    from models.errors import ModelError

    try:
        return tuple(read_manifest(model_folder(model_path(settings))).topics)
    except ModelError:
        return topic_ids()
