"""From a report to its files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from dashboards.report.charts import draw
from dashboards.report.html import as_html
from dashboards.report.markdown import as_markdown
from dashboards.report.pdf import as_pdf
from dashboards.report.rewrite import Rewritten
from dashboards.report.telling import tell
from dashboards.report.values import Report
from dashboards.report.words import Words
from pipeline.atomic import whole_file

Form = Literal["html", "pdf", "md"]
FORMS: tuple[Form, ...] = get_args(Form)


def write(
    report: Report, words: Words, form: Form, file: Path, rewritten: Rewritten | None = None
) -> list[Path]:
    """Write the report to `file`, and for Markdown its pictures beside it; what was written."""
    charts = draw(report, words)
    telling = (
        tell(report, words)
        if rewritten is None
        else tell(
            report,
            words,
            rewritten=rewritten.sentences,
            rewriter=rewritten.model,
            dropped=rewritten.dropped,
        )
    )
    if form == "md":
        pictures = {f"{file.stem}-{chart.name}.svg": chart for chart in charts}
        for name, chart in pictures.items():
            _put(file.with_name(name), chart.svg)
        told = {name: (chart.title, chart.alt) for name, chart in pictures.items()}
        _put(file, as_markdown(telling, told).encode())
        return [file, *(file.with_name(name) for name in pictures)]
    page = as_html(telling, charts)
    _put(file, as_pdf(page, chinese=words.lang == "zh") if form == "pdf" else page.encode())
    return [file]


def file_name(report: Report, form: Form, lang: str) -> str:
    """What a report is called where nobody says: safe as a file name, the same for the same report."""
    parts: Sequence[str] = (
        report.kind,
        report.run,
        report.key,
        f"{report.since:%Y%m%d}" if report.kind != "incident" else f"{report.since:%Y%m%dT%H%M}",
        lang,
    )
    plain = (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")[:60] for part in parts)
    return f"tocsin-{'-'.join(plain)}.{form}"


def _put(file: Path, data: bytes) -> None:
    with whole_file(file) as partial:
        partial.write_bytes(data)
