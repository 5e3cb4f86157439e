"""Model versions side by side in a folder, one of them current; switching is atomic and on record."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from models.errors import ModelError
from models.serving.classifier import Classifier
from models.serving.manifest import DATA_FILES, FILE, Manifest, read_manifest

CURRENT = "current"
REPORT = "report.json"
_EXTRA = ("MODEL_CARD.md",)
_JOURNAL = "promotions.jsonl"
_LOCK = ".lock"
_VERSION = re.compile(r"[a-z0-9][a-z0-9.-]*@[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Version:
    """One model in the registry."""

    name: str
    """Its identity, `NAME@HASH`: what scored documents carry as `model`."""
    folder: Path
    manifest: Manifest
    report: Mapping[str, Any]
    """How it was made and measured; empty where nobody said."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One entry of the journal: who made which version current, when and why."""

    at: str
    version: str
    was: str | None
    by: str
    kind: Literal["promote", "rollback"]
    why: str


class Registry:
    """A folder with one folder a version, the file `current` that names one, and the journal of switches.

    Who loads `path()` gets the version that is current then; who runs already keeps what it has loaded.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> list[Version]:
        """Every version, by name."""
        return [self.get(name) for name in self._names()]

    def get(self, which: str = CURRENT) -> Version:
        """The version of that name, or of a hash's first digits, or the current one.

        Raises ModelError that says which there are.
        """
        folder = self.path(which)
        report = folder / REPORT
        return Version(
            name=folder.name,
            folder=folder,
            manifest=read_manifest(folder),
            report=json.loads(report.read_text("utf-8")) if report.is_file() else {},
        )

    def path(self, which: str = CURRENT) -> Path:
        """Folder of a version; raises as `get`."""
        if which == CURRENT:
            name = self.current()
            if name is None:
                raise ModelError(
                    f"no version in {self.folder} is current: `tocsin models promote VERSION` makes one so"
                )
            return self.folder / name
        names = self._names()
        fitting = [name for name in names if which == name or name.partition("@")[2].startswith(which)]
        if len(fitting) != 1:
            found = "several versions fit" if fitting else "there is no version"
            raise ModelError(f"{found} {which!r} in {self.folder}; there are: {', '.join(names) or 'none'}")
        return self.folder / fitting[0]

    def current(self) -> str | None:
        """Name of the current version; None when none is. ModelError when its folder is gone."""
        try:
            name = (self.folder / CURRENT).read_text("utf-8").strip()
        except FileNotFoundError:
            return None
        if not _VERSION.fullmatch(name) or not (self.folder / name).is_dir():
            raise ModelError(
                f"{self.folder / CURRENT} names {name!r}, which is not there; there are: "
                f"{', '.join(self._names()) or 'none'}. `tocsin models promote VERSION` mends it"
            )
        return name

    def add(self, source: Path, report: Mapping[str, Any] | None = None) -> Version:
        """Copy the served model at `source` in; one that is there already is left as it is.

        Raises ModelError when it is damaged.
        """
        name = read_manifest(source).identity
        if not _VERSION.fullmatch(name):
            raise ModelError(f"{source}: {name!r} cannot name a folder of the registry")
        target = self.folder / name
        with self._alone():
            if not target.exists():
                partial = self.folder / f".{name}.{os.getpid()}.part"
                try:
                    partial.mkdir()
                    for file in (*DATA_FILES, FILE, *(each for each in _EXTRA if (source / each).is_file())):
                        shutil.copyfile(source / file, partial / file)
                    if report is not None:
                        text = json.dumps(report, indent=1, ensure_ascii=False)
                        (partial / REPORT).write_text(text + "\n", "utf-8")
                    partial.rename(target)
                finally:
                    shutil.rmtree(partial, ignore_errors=True)
        return self.get(name)

    def promote(self, which: str, *, by: str, why: str = "", at: datetime | None = None) -> Version:
        """Make a version current; ModelError when it does not load or not answer as it should."""
        version = self.get(which)
        self._switch(version.name, by, "promote", why, at)
        return version

    def rollback(self, *, by: str, why: str = "", at: datetime | None = None) -> Version:
        """Make current again what was so before the current version was promoted; twice goes two back."""
        now = self.current()
        was = next(
            (
                entry.was
                for entry in reversed(self.journal())
                if entry.kind == "promote" and entry.version == now
            ),
            None,
        )
        if now is None or was is None:
            raise ModelError(f"there is no version before {now} to go back to: see `tocsin models list`")
        version = self.get(was)
        self._switch(version.name, by, "rollback", why, at)
        return version

    def journal(self) -> list[Switch]:
        """Every switch, oldest first."""
        try:
            lines = (self.folder / _JOURNAL).read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        entries = []
        for line in lines:
            # A power cut may have left half a line: the switch it was to record did not happen.
            with suppress(json.JSONDecodeError):
                entries.append(Switch(**json.loads(line)))
        return entries

    def _names(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(entry.name for entry in self.folder.iterdir() if _VERSION.fullmatch(entry.name))

    def _switch(
        self, name: str, by: str, kind: Literal["promote", "rollback"], why: str, at: datetime | None
    ) -> None:
        Classifier.load(self.folder / name, threads=1)
        with self._alone():
            try:
                was = self.current()
            except ModelError:
                was = None
            if was == name:
                return
            stamp = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
            entry = Switch(stamp, name, was, by, kind, why)
            # The record first: a switch without one must not be, one that a crash undid may.
            with (self.folder / _JOURNAL).open("a", encoding="utf-8") as journal:
                journal.write("\n" + json.dumps(asdict(entry), ensure_ascii=False) + "\n")
                journal.flush()
                os.fsync(journal.fileno())
            partial = self.folder / f".{CURRENT}.{os.getpid()}.part"
            partial.write_text(name + "\n", "utf-8")
            partial.replace(self.folder / CURRENT)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the registry against other processes that change it; readers need no turn."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
