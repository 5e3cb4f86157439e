"""A report as PDF, laid out by WeasyPrint from the same page."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from dashboards.report.charts import has_cjk_font
from pipeline.errors import UsageError

NO_CJK = (
    "no font with Chinese letters is installed, so that they would be boxes in the PDF: install one "
    "(Debian: apt-get install fonts-noto-cjk), or take --format html"
)


def as_pdf(page: str, *, chinese: bool = False) -> bytes:
    """Lay `page` out on A4; it may load nothing but its own data.

    Raises:
        UsageError: WeasyPrint or one of its libraries is missing, or, for a Chinese report, a font is.
    """
    try:
        weasyprint: Any = import_module("weasyprint")
    except ImportError as error:
        raise UsageError("PDF needs WeasyPrint: pip install 'tocsin[report]'") from error
    except OSError as error:
        raise UsageError(
            f"PDF needs the library Pango ({error}); Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
        ) from error
    if chinese and not has_cjk_font():
        raise UsageError(NO_CJK)
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    only_own_data = weasyprint.urls.URLFetcher(allowed_protocols=("data",))
    made: bytes = weasyprint.HTML(string=page, url_fetcher=only_own_data).write_pdf()
    return made
