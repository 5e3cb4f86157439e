"""Fetch a model from a hub by its id, or say in a line why that cannot be done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from models.errors import ModelError

_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_REASONS = {
    "LocalEntryNotFoundError": "no connection, and nothing of it is in the local cache",
    "OfflineModeIsEnabled": "HF_HUB_OFFLINE is set",
    "GatedRepoError": "its owner must grant access first: log in with `hf auth login`",
    "RepositoryNotFoundError": "no such model is there, or it is private",
    "RevisionNotFoundError": "it has no such revision",
}


def is_hub_id(name: str) -> bool:
    """Whether a hub could hold a model of this name: `owner/name`, or a bare `name`.

    >>> is_hub_id("owner/name"), is_hub_id("./folder"), is_hub_id("/models/en")
    (True, False, False)
    """
    return _ID.fullmatch(name) is not None


def fetch(name: str, files: Sequence[str]) -> Path:
    """Download the files of a hub's model whose names match these patterns; returns the folder they lie in.

    What was fetched before is taken from the local cache. `name` may pin a revision: `owner/name@revision`.
    The hub is that of huggingface_hub (`HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME` in the environment). Raises
    ModelError when the name is that of neither a folder nor a model that can be reached.
    """
    repository, _, revision = name.partition("@")
    if not is_hub_id(repository):
        raise ModelError(f"there is no folder {name}")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, revision=revision or None, allow_patterns=list(files)))
    except (OSError, ValueError) as error:
        # Some of these classes moved from module to module; their names did not.
        names = (kind.__name__ for kind in type(error).__mro__)
        reason = next((_REASONS[kind] for kind in names if kind in _REASONS), str(error).split("\n")[0])
        raise ModelError(
            f"{name} is neither a folder here nor to be had from the model hub ({reason}): "
            "check the spelling and the connection, or give a local folder"
        ) from error
