"""What can be asked, as query parameters with their bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Header, Query
from pydantic import AfterValidator, WithJsonSchema

_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MOST_EXPORTED = 100_000
"""Documents that one CSV or Parquet file may hold."""


def _moment(value: datetime) -> datetime:
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("a time between 1900 and 2200 is needed")
    return moment


def _text(value: str) -> str:
    if "\0" in value or any("\ud800" <= each <= "\udfff" for each in value):
        raise ValueError("no NUL and no half characters")
    return value


Moment = Annotated[
    datetime,
    AfterValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": "^(19|20|21)[0-9]{2}-"}),
]
Text = Annotated[str, AfterValidator(_text)]

Run = Annotated[
    str,
    Query(
        description="`live`, or the name of a replay; /v1/runs lists them.",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
    ),
]
Key = Annotated[
    Text,
    Query(
        description="`overall`, a topic id, or `watch.` and the name of a watchlist.",
        min_length=1,
        max_length=512,
    ),
]
SomeKey = Annotated[
    Text | None,
    Query(
        description="`overall`, a topic id, or `watch.` and the name of a watchlist; without it, all.",
        min_length=1,
        max_length=512,
    ),
]
Since = Annotated[
    Moment | None,
    Query(
        description="First time that is in, RFC 3339, UTC where it has no zone. "
        "Without it, a day before `until`."
    ),
]
Until = Annotated[
    Moment | None,
    Query(description="First time that is out again. Without it, after the newest minute of the run."),
]
AsOf = Annotated[
    Moment | None,
    Query(
        description="Answer with what was known at this moment: wall clock for the live run, event time for "
        "a replay (docs/decisions/0011-point-in-time.md)."
    ),
]
FormatName = Literal["json", "csv", "parquet"]
Format = Annotated[
    FormatName | None,
    Query(description="Form of the answer; without it, as `Accept` says, else json."),
]
Accept = Annotated[str, Header(include_in_schema=False)]

MEDIA_TYPES: dict[FormatName, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


def chosen(form: FormatName | None, accept: str) -> FormatName:
    """The form that was asked for."""
    if form is not None:
        return form
    for name, media_type in MEDIA_TYPES.items():
        if media_type.partition(";")[0] in accept:
            return name
    return "json"
