"""Give a fine-tuned encoder its sense of sentences back: a linear map from its states to its base's vectors.

Training on twenty topics and three tones leaves little else in an encoder's mean states: topics it was not
trained on come out much alike. What its base could tell is still there in directions of little variance;
a ridge regression of the base's sentence vectors on them, over some thousand unlabelled texts, finds it.
`models.topics.fit` makes such a map, a file `embedding.npz` beside a served model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from models.errors import ModelError

Floats = npt.NDArray[np.float32]

FILE: Final = "embedding.npz"
"""Name of a map's file in a served model's folder."""

RIDGE: Final = 0.1
"""Penalty, as a share of the variance of an average standardised state; chosen on training rows."""


@dataclass(frozen=True, slots=True, eq=False)
class SentenceMap:
    """States (n, width) → sentence vectors (n, wide)."""

    model: str
    """Identity of the model it was made for; for others it means nothing."""
    matrix: Floats
    """(width, wide)"""
    offset: Floats
    """(wide,)"""

    def __call__(self, states: Floats) -> Floats:
        """Map the mean states of texts to vectors for comparing texts by meaning."""
        return states @ self.matrix + self.offset

    def save(self, file: Path) -> None:
        """Write the map, half precision."""
        np.savez_compressed(
            file,
            model=np.array(self.model),
            matrix=self.matrix.astype(np.float16),
            offset=self.offset.astype(np.float16),
        )


def fit_map(states: Floats, vectors: Floats, model: str, *, ridge: float = RIDGE) -> SentenceMap:
    """Fit a map from states (n, width) to the directions of vectors (n, wide) of the same texts."""
    wanted = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    centre, scale = states.mean(axis=0), states.std(axis=0) + 1e-6
    inputs = ((states - centre) / scale).astype(np.float64)
    middle = wanted.mean(axis=0)
    penalty = ridge * len(inputs) * np.eye(inputs.shape[1])
    weights = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (wanted - middle))
    matrix = weights / scale[:, None]
    return SentenceMap(model, matrix.astype(np.float32), (middle - centre @ matrix).astype(np.float32))


def load_map(file: Path, model: str) -> SentenceMap:
    """Read a map; ModelError when it cannot be read or was made for another model than `model`."""
    try:
        with np.load(file, allow_pickle=False) as parts:
            found = SentenceMap(
                str(parts["model"]),
                parts["matrix"].astype(np.float32),
                parts["offset"].astype(np.float32),
            )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ModelError(f"{file} is no sentence map, or a damaged one ({error}): make it again") from error
    if found.model != model:
        raise ModelError(
            f"{file} was made for {found.model}, not for {model}: python -m models.topics.fit makes one anew"
        )
    return found
