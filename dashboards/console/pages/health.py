"""The health page."""

from __future__ import annotations

import httpx

from dashboards.console.pages.page import Args, Asked, Done
from dashboards.console.reads import pipeline_health
from dashboards.console.views.health import health_view
from dashboards.console.views.say import Json
from pipeline.settings import HttpSettings

_PATIENCE = 0.5


class HealthPage:
    """How pipeline and model are."""

    name = "Health"

    def view(self, asked: Asked) -> Json:
        """Read the page as it is now."""
        return health_view(
            pipeline_health(asked.store, asked.run, asked.now),
            asked.say,
            run=asked.run,
            store=asked.store.address,
            now=asked.now,
            worker=worker_says(asked.settings.http) if asked.run == "live" else None,
        )

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """The page only shows."""
        return None


def worker_says(http: HttpSettings) -> tuple[bool, str] | None:
    """Whether the worker at the settings' address is ready, and what it says; None: nobody to ask."""
    if not http.port:
        return None
    try:
        answer = httpx.get(f"http://{http.host}:{http.port}/readyz", timeout=_PATIENCE, trust_env=False)
    except httpx.HTTPError:
        return False, f"{http.host}:{http.port} does not answer"
    return answer.status_code == httpx.codes.OK, answer.text.strip()[:200]
