"""Every setting in one place: defaults here, then `tocsin.toml`, then `TOCSIN_*` in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alerts.settings import DeliverySettings, DetectorSettings, FeedSettings
from pipeline import config
from pipeline.errors import UsageError


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


_Term = Annotated[str, Field(pattern=r"\w", max_length=100)]
_WatchlistName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class BrokerSettings(_Section):
    """Apache Kafka: where it is and how to get in."""

    servers: str = Field("127.0.0.1:9092", pattern=r"^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$")
    """`host:port`, several with commas."""
    connect_timeout: float = Field(30.0, gt=0)
    """Seconds to keep trying at start before giving up with an error."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How clients talk to the brokers; with SASL a user name and a password are needed."""
    ssl_cafile: Path | None = None
    """PEM file of the authority that signed the brokers' certificates; without it, the system's own."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """How the user proves who it is."""
    sasl_username: str = ""
    """User for SASL_PLAINTEXT and SASL_SSL."""
    sasl_password: SecretStr = SecretStr("")
    """Set it in the environment, TOCSIN_BROKER__SASL_PASSWORD, not in a file."""
    kafka_libs: Path | None = None
    """Folder with Apache Kafka's jars for `tocsin broker`; without it, the checkout's `deploy/kafka/libs`."""

    @model_validator(mode="after")
    def _sasl_needs_a_user(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (
            self.sasl_username and self.sasl_password.get_secret_value()
        ):
            raise ValueError(f"{self.security_protocol} needs broker.sasl_username and broker.sasl_password")
        return self


class TopicSettings(_Section):
    """Kafka topics; a run other than `live` puts its name between prefix and topic."""

    prefix: str = Field("tocsin", pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=100)
    """What the names of topics begin with: small letters, digits, full stops and hyphens."""
    partitions: int = Field(4, ge=1, le=10_000)
    """Partitions of `documents`, `scored` and `rejected`; the other topics have one."""
    replication: int = Field(1, ge=1, le=9)
    """Brokers that hold a copy of each partition; 3 in production."""
    retention_hours: int = Field(168, ge=1)
    """How long brokers keep records of a live run; topics of replays keep them until deleted."""


class ModelSettings(_Section):
    """The classifier."""

    path: str = "en"
    """A preset in the tree (`en`), a folder with `model.json`, or a version of the registry:
    `registry:current`, or `registry:` and its name or hash."""
    registry: Path | None = None
    """Folder of model versions that `tocsin models` looks after; without it, STATE_DIR/models."""
    backend: Literal["auto", "onnx", "torch"] = "auto"
    """What runs it: `onnx` (int8, on the CPU), `torch` (bfloat16 on a GPU, float32 on the CPU; needs the
    extra `train`), or `auto`: torch where there is a GPU and PyTorch, else onnx."""
    device: str | None = None
    """Where torch runs: `cpu`, `cuda`, `cuda:1`; without it, a GPU where there is one."""
    threads: int = Field(0, ge=0)
    """Threads for inference on the CPU; 0 takes every core."""
    long_texts: Literal["lead", "windows"] = "lead"
    """What is read of a text that is longer than the model: `lead`, its start, or `windows`, the mean over up
    to eight pieces. It changes scores, so it is part of the model's name in records."""
    cache: int = Field(32_768, ge=0)
    """Texts that are remembered with their scores, for feeds that bring a story many times; 0 for none."""
    batch_tokens: int = Field(16_384, ge=128)
    """Token budget of one micro-batch; below full load batches are as large as what came meanwhile."""
    batch_deadline: float = Field(0.05, gt=0)
    """Seconds a document may wait for its batch to fill."""


class DriftSettings(_Section):
    """Whether the model's answers still look as they used to."""

    reference: Path | None = None
    """File of counts to compare days with, as `tocsin models drift --save-reference` writes it; without it,
    the first days that the model scores."""
    reference_days: int = Field(7, ge=1)
    """Days that are the reference where there is no file; with a week, every weekday is in it."""


class EventTimeSettings(_Section):
    """Watermark and windows."""

    allowed_lateness: int = Field(120, ge=0)
    """Seconds a partition may run out of order before a document counts as late."""
    idle_timeout: int = Field(60, ge=1)
    """Seconds of wall clock without input until a partition stops holding the watermark back (live only)."""
    future_tolerance: int = Field(300, ge=0)
    """Seconds that `published_at` may lie ahead of the clock before the document is rejected."""
    believed_jump: int = Field(900, ge=0)
    """Seconds that a stamp may lie ahead of all its partition has seen and move event time at once; a greater
    jump is believed when the documents after it agree: three of several sources, ten of a single one."""
    open_documents: int = Field(10_000_000, ge=1000)
    """Documents that may wait for their minute to close, 240 bytes each. Beyond that, minutes close although
    a partition far behind may still have documents of them: these are then late."""
    duplicate_horizon_hours: int = Field(48, ge=1)
    """How long a document id is remembered."""
    remembered_documents: int = Field(20_000_000, ge=100_000)
    """Ids remembered at most, about 70 bytes each; a busier feed forgets the oldest before the horizon."""
    stories: Literal["similar", "exact"] = "similar"
    """What is one story: texts that are nearly the same, or word for word the same."""
    story_horizon_hours: int = Field(24, ge=1)
    """How long a story is remembered; what is told again later is a new story."""
    remembered_stories: int = Field(1_000_000, ge=10_000)
    """Stories remembered at most, about 800 bytes each."""
    author_cap: int = Field(2, ge=0)
    """Negative stories of one author of comments that detection counts per topic and day; 0 for no cap."""
    source_cap: int = Field(4, ge=0)
    """Negative stories that detection counts of one source per topic and hour, and day, or three times what
    all others bring; a source that usually brings half of the topic is not capped; 0 for no cap."""


class StoreSettings(_Section):
    """Where scored documents, sentiment and alerts are kept."""

    url: str = Field("sqlite:///.tocsin/tocsin.db", repr=False)
    """`sqlite:///FOLDER/FILE.db` or `postgresql+psycopg://USER@HOST/NAME`; the password belongs into
    PGPASSWORD or ~/.pgpass, or with the URL into the environment (TOCSIN_STORE__URL). No message shows it."""


class HttpSettings(_Section):
    """`/metrics`, `/healthz` and `/readyz` of the worker."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(9464, ge=0, le=65535)
    """Port to listen on; 0 takes a free one. `tocsin worker --workers N` listens here for all of them, and
    each worker on one of the N ports after it."""


class WorkerSettings(_Section):
    """How a worker notices that it, or another, has stopped."""

    stall_timeout: float = Field(60.0, ge=5)
    """Seconds a consumer may have unread records and finish none before the worker ends with status 75, for
    its supervisor to start it anew. Waiting for a broker or a database that is away does not count."""
    start_timeout: float = Field(300.0, ge=30)
    """Seconds a worker may take to join its group and recover its state before it ends in the same way."""
    session_timeout: float = Field(10.0, ge=6)
    """Seconds without a sign of life after which the brokers give a worker's partitions to others."""


class Watchlist(_Section):
    """What an analyst follows beside the topics. Terms and symbols say what it is about, either is enough;
    sources and topics, where given, narrow that down."""

    title: str = Field("", max_length=80)
    """What it is called where people read; without it, its name."""
    title_zh: str = Field("", max_length=80)
    """The same in Chinese; without it, `title`."""
    terms: tuple[_Term, ...] = ()
    """Names and words to find in headline and text, as words of their own and whatever the case; one wholly
    in capitals (`ING`) only as it is written."""
    symbols: tuple[_Term, ...] = ()
    """Ticker symbols that the source gives, in any case."""
    sources: tuple[str, ...] = ()
    """Only what these sources publish."""
    topics: tuple[str, ...] = ()
    """Only documents of these topics, by id."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.terms or self.symbols or self.sources or self.topics):
            raise ValueError("it follows nothing: give it terms, symbols, sources or topics")
        return self


class Settings(BaseSettings):
    """All of Tocsin's settings."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    run: str = Field("live", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """`live`, or the name of a replay: up to 63 small letters, digits and hyphens, not a hyphen first."""
    state_dir: Path = Path(".tocsin")
    """Folder for the embedded broker, the store, caches and local worker state."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe messages that the log takes."""
    broker: BrokerSettings = BrokerSettings()
    topics: TopicSettings = TopicSettings()
    model: ModelSettings = ModelSettings()
    drift: DriftSettings = DriftSettings()
    event_time: EventTimeSettings = EventTimeSettings()
    detector: DetectorSettings = DetectorSettings()
    feeds: FeedSettings = FeedSettings()
    delivery: DeliverySettings = DeliverySettings()
    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
    worker: WorkerSettings = WorkerSettings()
    watchlists: dict[_WatchlistName, Watchlist] = {}
    """What is followed beside the topics, `[watchlists.NAME]` each: small letters, digits, `-` and `_`."""

    def with_run(self, run: str) -> Self:
        """These settings for another run; raises UsageError when it cannot be called so."""
        try:
            return type(self)(**(dict(self) | {"run": run}))
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False, include_context=False)
            raise UsageError(config.explain(details, type(self), None, {}, {("run",): "the run"})) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments, then the environment as `pipeline.config` reads it."""
        return init_settings, _Environment(settings_cls)


class _Environment(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return config.read_environment(os.environ, self.settings_cls)[0]


@dataclass(frozen=True)
class Loaded:
    """Settings and where each that is not a default came from."""

    settings: Settings
    file: Path | None
    origins: Mapping[tuple[str, ...], str]
    """`tocsin.toml, line 3` or `TOCSIN_BROKER__SERVERS` by the path of the setting."""


def load_settings(path: Path | None = None, *, run: str | None = None) -> Settings:
    """Settings of this process: defaults, then the file, then `TOCSIN_*`, then `run` where it is given.

    The file is `path`, else TOCSIN_CONFIG, else `tocsin.toml` in the working directory where there is one.

    Raises:
        UsageError: a key or value is wrong; names file, line, key and what is allowed, never the value.
    """
    return load(path, run=run).settings


def load(path: Path | None = None, *, run: str | None = None) -> Loaded:
    """As `load_settings`, with the origin of each setting."""
    file = _settings_file(path)
    values, lines = config.read_toml(file) if file else ({}, {})
    from_environment, origins = config.read_environment(os.environ, Settings)
    merged = config.merge(values, from_environment)
    if run is not None:
        merged["run"] = run
        origins[("run",)] = "--run"
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise UsageError(config.explain(details, Settings, file, lines, origins)) from None
    from_file = {key: f"{file}, line {line}" for key, line in lines.items()}
    return Loaded(settings, file, from_file | origins)


def _settings_file(path: Path | None) -> Path | None:
    if path is not None:
        return path
    named = os.environ.get("TOCSIN_CONFIG")
    if named:
        return Path(named)
    found = Path("tocsin.toml")
    return found if found.is_file() else None
