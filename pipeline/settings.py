"""Every setting in one place: defaults here, then `tocsin.toml`, then `TOCSIN_*` in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from alerts.settings import DeliverySettings, DetectorSettings


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokerSettings(_Section):
    """Apache Kafka."""

    servers: str = "127.0.0.1:9092"
    """`host:port`, several with commas."""
    connect_timeout: float = Field(30.0, gt=0)
    """Seconds to keep trying at start before giving up with an error."""


class TopicSettings(_Section):
    """Kafka topics; a run other than `live` puts its name between prefix and topic."""

    prefix: str = Field("tocsin", pattern=r"^[a-z0-9][a-z0-9.-]*$")
    partitions: int = Field(4, ge=1, le=10_000)
    """Partitions of `documents`, `scored` and `rejected`; the other topics have one."""
    replication: int = Field(1, ge=1, le=9)
    retention_hours: int = Field(168, ge=1)
    """How long brokers keep records of a live run; topics of replays keep them until deleted."""


class ModelSettings(_Section):
    """The classifier."""

    path: str = "en"
    """A preset in the tree (`en`), or a folder with `model.json`."""
    threads: int = Field(0, ge=0)
    """Threads for inference; 0 takes every core."""
    batch_tokens: int = Field(4096, ge=128)
    """Token budget of one micro-batch."""
    batch_deadline: float = Field(0.05, gt=0)
    """Seconds a document may wait for its batch to fill."""


class EventTimeSettings(_Section):
    """Watermark and windows."""

    allowed_lateness: int = Field(120, ge=0)
    """Seconds a partition may run out of order before a document counts as late."""
    idle_timeout: int = Field(60, ge=1)
    """Seconds of wall clock without input until a partition stops holding the watermark back (live only)."""
    future_tolerance: int = Field(300, ge=0)
    """Seconds that `published_at` may lie ahead of the clock before the document is rejected."""
    duplicate_horizon_hours: int = Field(48, ge=1)
    """How long a document id is remembered."""


class StoreSettings(_Section):
    """Where scored documents, sentiment and alerts are kept."""

    url: str = "sqlite:///.tocsin/tocsin.db"
    """SQLAlchemy URL: `sqlite:///file` or `postgresql+psycopg://user@host/name`."""


class HttpSettings(_Section):
    """`/metrics`, `/healthz` and `/readyz` of the worker."""

    host: str = "127.0.0.1"
    port: int = Field(9464, ge=0, le=65535)
    """0 takes a free port."""


class Settings(BaseSettings):
    """All of Tocsin's settings."""

    model_config = SettingsConfigDict(
        env_prefix="TOCSIN_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    run: str = Field("live", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """`live`, or the name of a replay."""
    state_dir: Path = Path(".tocsin")
    """Folder for the embedded broker, the store, caches and local worker state."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    broker: BrokerSettings = BrokerSettings()
    topics: TopicSettings = TopicSettings()
    model: ModelSettings = ModelSettings()
    event_time: EventTimeSettings = EventTimeSettings()
    detector: DetectorSettings = DetectorSettings()
    delivery: DeliverySettings = DeliverySettings()
    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
