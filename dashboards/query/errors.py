"""Why a question was not answered, in words for whoever asked."""

from __future__ import annotations

from pipeline.errors import TocsinError


class QueryTooLarge(TocsinError):  # noqa: N818 - a state of affairs, not a fault
    """The question spans more than one answer may; the message says how to ask for less."""


class QueryTimeout(TocsinError):  # noqa: N818
    """The database took longer than it was given and was told to stop."""


class NotFound(TocsinError):  # noqa: N818
    """There is no such thing in the store."""
