"""Errors as RFC 9457 problem+json: what happened, and what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.query import NotFound, QueryTimeout, QueryTooLarge
from pipeline.errors import TocsinError, UsageError
from pipeline.store import StoreUnavailable

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not answered (RFC 9457)."""

    title: str
    """What is the matter, the same words for the same matter."""
    status: int
    """The HTTP status."""
    detail: str
    """What to do about it."""
    type: str = "about:blank"


class Busy(TocsinError):  # noqa: N818 - a state of affairs, not a fault
    """As many questions as the database is given at once are being answered."""


def problem(status: int, title: str, detail: str) -> Response:
    """The answer that says so."""
    body = msgspec.json.encode(Problem(title=title, status=status, detail=detail))
    headers = {"retry-after": RETRY_SECONDS} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return Response(body, status, headers, MEDIA_TYPE)


# The first that fits counts: subclasses come before what they are subclasses of.
_SAID: tuple[tuple[type[Exception], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (QueryTooLarge, 413, "Too much at once"),
    (QueryTimeout, 503, "Took too long"),
    (StoreUnavailable, 503, "The store is away"),
    (Busy, 503, "Busy"),
    (UsageError, 422, "Wrong parameter"),
)


def answer(error: Exception) -> Response:
    """What one of our errors is answered with."""
    for kind, status, title in _SAID:
        if isinstance(error, kind):
            return problem(status, title, str(error))
    raise error


def install(app: FastAPI) -> None:
    """Let every error of `app` be a problem."""

    async def ours(request: Request, error: Exception) -> Response:
        if isinstance(error, StoreUnavailable):
            # Its words name the database; that is for the log, not for whoever asks.
            log.warning("%s", error)
            return problem(503, "The store is away", "The database cannot be used just now; ask again later.")
        return answer(error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        told = "; ".join(f"{_place(each)}: {each['msg']}" for each in error.errors())
        return problem(422, "Wrong parameter", told)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = HTTPStatus(error.status_code).phrase
        told = problem(error.status_code, title, "/v1/openapi.json tells what can be asked.")
        for name, value in (error.headers or {}).items():
            told.headers[name] = value
        return told

    async def fault(request: Request, error: Exception) -> Response:
        return problem(500, "A fault of Tocsin", "The server's log has the details; please report it.")

    for kind, _, _ in _SAID:
        app.add_exception_handler(kind, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, fault)


def _place(error: dict[str, Any]) -> str:
    return ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
