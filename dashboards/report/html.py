"""A report as one HTML file: no script, nothing loaded, headlines escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from dashboards.report.charts import Chart
from dashboards.report.telling import Telling
from pipeline.errors import UsageError

_FOLDER = Path(__file__).parent


def as_html(telling: Telling, charts: Sequence[Chart]) -> str:
    """The page; UsageError where Jinja is missing."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise UsageError("HTML and PDF need Jinja: pip install 'tocsin[report]'") from error
    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode()
    anchors = {story.anchor for story in telling.stories}
    return environment.get_template("page.html").render(t=telling, charts=charts, anchors=anchors)
