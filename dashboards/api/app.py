"""The API as an ASGI application, and the server that `tocsin serve` runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp

from dashboards.api.access import Guard
from dashboards.api.page import page
from dashboards.api.problems import install
from dashboards.api.routes import routes
from dashboards.api.schemas import describe
from dashboards.api.source import Source
from pipeline.store import Store

_SAYS = """Rolling sentiment, documents and alerts of Tocsin, read-only.

Times are RFC 3339 in UTC. Text is as published: escape it where you show it. `story` has up to 63 bits."""


def create_app(
    opened: Callable[[], Store], *, token: str = "", seconds: float = 5.0, at_once: int = 8
) -> ASGIApp:
    """The application.

    Args:
        opened: opens the store, when it is first asked.
        token: what must be sent as a bearer token; empty, only requests to a loopback name are answered.
        seconds: time that the database has for one question.
        at_once: questions that the database is given at once; more wait for five seconds, then get 503.
    """
    source = Source(opened, at_once=at_once)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        source.close()

    app = FastAPI(
        title="Tocsin query API",
        version=version("tocsin"),
        description=_SAYS,
        lifespan=lifespan,
        # FastAPI's own pages load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    install(app)
    app.include_router(routes(source, seconds))

    @app.get("/v1/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(describe(app, token=bool(token)))

    @app.get("/", include_in_schema=False)
    @app.get("/v1", include_in_schema=False)
    async def index() -> Response:
        return HTMLResponse(page(describe(app, token=bool(token))))

    @app.get("/healthz", include_in_schema=False)
    def health() -> Response:
        """Whether the store answers; open without a token, and says nothing but that."""
        with source.store() as store, store.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
        return PlainTextResponse("ok\n")

    return Guard(app, token=token)


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    import uvicorn

    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=15,
        limit_concurrency=200,
        timeout_graceful_shutdown=5,
    )
