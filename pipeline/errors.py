"""Errors that are a person's to mend: the command prints the message alone, without a traceback."""

from __future__ import annotations


class TocsinError(Exception):
    """Says what happened and what to do about it; `exit_code` is the command's exit status."""

    exit_code = 1


class UsageError(TocsinError):
    """What was asked for cannot be done as asked: a wrong option, setting or file."""

    exit_code = 2
