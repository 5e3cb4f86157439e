"""Keep libraries from saying what no user asked."""

from __future__ import annotations

from importlib.util import find_spec


def quiet_transformers() -> None:
    """Leave out the bars and reports that transformers prints while it loads and saves."""
    if find_spec("transformers"):
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
