"""Scores kept by model and text, so that replaying a history again with other settings needs no model."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from threading import Lock

import numpy as np

from models.scores import Scores
from pipeline.scoring import Classifier
from pipeline.scoring import Scores as AnyScores

MAX_BYTES = 512_000_000
"""Size from which a cache is begun anew when it is opened: room for about eight million texts."""

_VALUES = np.dtype("<i2")
_WIDTH = 5
_SIZE = _WIDTH * _VALUES.itemsize
_CHECK = 4
_AT_ONCE = 500
_WAIT = 30.0

_SCHEMA = "CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"

Notify = Callable[[str], None]


class ScoreCache:
    """A SQLite file of 16-byte keys and scores, shared by any number of processes.

    It never stands in the way of the work: a damaged file is begun anew, and where a file cannot be used at
    all nothing is kept; `notify` is told either way. Every value carries a checksum, so that damage cannot
    change a score.
    """

    def __init__(self, path: Path, notify: Notify) -> None:
        self._path = path
        self._notify = notify
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > MAX_BYTES:
                self._begin_anew(f"it has grown beyond {MAX_BYTES // 1_000_000} MB")
            else:
                self._connect()
        except (sqlite3.Error, OSError) as error:
            self._recover(error)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that are there."""
        with self._lock:
            if self._connection is None:
                return {}
            found: dict[bytes, bytes] = {}
            try:
                for start in range(0, len(keys), _AT_ONCE):
                    part = keys[start : start + _AT_ONCE]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT key, value FROM scores WHERE key IN ({marks})"  # noqa: S608 - marks alone
                    for key, sealed in self._connection.execute(query, part):
                        found[key] = _unseal(key, sealed)
            except sqlite3.Error as error:
                self._recover(error)
                return {}
            return found

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep these."""
        with self._lock:
            if self._connection is None:
                return
            rows = [(key, _seal(key, value)) for key, value in values.items()]
            try:
                with self._connection:
                    self._connection.executemany("INSERT OR IGNORE INTO scores VALUES (?, ?)", rows)
            except sqlite3.Error as error:
                self._recover(error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._disconnect()

    def _connect(self) -> None:
        self._connection = sqlite3.connect(self._path, timeout=_WAIT, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(_SCHEMA)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _recover(self, error: Exception) -> None:
        """Begin a damaged file anew; leave one alone that is locked, read-only or on a full disk."""
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        if not damaged:
            self._disconnect()
            self._notify(f"scores are not kept: {self._path}: {error}")
            return
        try:
            self._begin_anew(str(error))
        except (sqlite3.Error, OSError) as again:
            self._disconnect()
            self._notify(f"scores are not kept: {self._path}: {again}")

    def _begin_anew(self, why: str) -> None:
        self._disconnect()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._connect()
        self._notify(f"the kept scores in {self._path} are begun anew: {why}")


class CachedClassifier:
    """A classifier that asks `cache` first; the same text is classified once, however often it comes."""

    def __init__(self, classifier: Classifier, cache: ScoreCache) -> None:
        self.model = classifier.model
        self.topics = classifier.topics
        self.max_chars = classifier.max_chars
        self.hits = 0
        """Texts that needed no model."""
        self._classifier = classifier
        self._cache = cache

    def classify(self, texts: Sequence[str]) -> Scores:
        """Topic and tone of each text, as the classifier itself gives them."""
        keys = [score_key(self.model, text) for text in texts]
        by_key = dict(zip(keys, texts, strict=True))
        values = self._cache.get(list(by_key))
        missing = {key: text for key, text in by_key.items() if key not in values}
        if missing:
            fresh = dict(
                zip(missing, _encode(self._classifier.classify(list(missing.values()))), strict=True)
            )
            self._cache.put(fresh)
            values |= fresh
        self.hits += len(texts) - len(missing)
        return _decode(values[key] for key in keys)


def score_key(model: str, text: str) -> bytes:
    """Key of one text under one model, 16 bytes."""
    return blake2b(f"{model}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _encode(scores: AnyScores) -> list[bytes]:
    table = np.column_stack([scores.topic, scores.p_topic, scores.tones])
    packed = table.astype(_VALUES).tobytes()
    return [packed[start : start + _SIZE] for start in range(0, len(packed), _SIZE)]


def _decode(values: Iterable[bytes]) -> Scores:
    table = np.frombuffer(b"".join(values), _VALUES).reshape(-1, _WIDTH).astype(np.int64)
    return Scores(topic=table[:, 0], p_topic=table[:, 1], tones=table[:, 2:])


def _seal(key: bytes, value: bytes) -> bytes:
    return value + zlib.crc32(key + value).to_bytes(_CHECK, "little")


def _unseal(key: bytes, sealed: object) -> bytes:
    if isinstance(sealed, bytes) and len(sealed) == _SIZE + _CHECK:
        value = sealed[:_SIZE]
        if _seal(key, value) == sealed:
            return value
    raise sqlite3.DatabaseError("a value in it is damaged")
