"""The state of a training on disk, from which it goes on after a kill: safetensors and JSON.

The file `state.json` names the file of tensors that belongs to it and is replaced in one step: whenever the
process dies, an older or a newer whole state is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.errors import ModelError
from models.training.selection import SetScore


@dataclass(frozen=True, slots=True)
class EpochReport:
    """How one epoch went."""

    epoch: int
    loss: float
    """Mean training loss."""
    dev: dict[str, SetScore]
    """Scores on the development rows, by set."""
    macro_f1: float
    """Their mean macro-F1, by which the best epoch is chosen."""

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> EpochReport:
        """The report that `asdict` wrote."""
        return cls(**{**saved, "dev": {name: SetScore(**score) for name, score in saved["dev"].items()}})


@dataclass
class Position:
    """How far a training is."""

    epoch: int = 0
    """Whole epochs done."""
    batch: int = 0
    """Batches done of the next one."""
    done: int = 0
    """Steps done in all."""
    loss: float = 0.0
    """Sum of the losses of this epoch's steps."""
    reports: list[EpochReport] = field(default_factory=list)
    best_epoch: int = 0
    best_ranges: dict[str, list[float]] = field(default_factory=dict)
    """Ranges of activations when the best epoch ended."""

    @property
    def best_macro_f1(self) -> float:
        """Of the best epoch so far; -1 before the first."""
        return self.reports[self.best_epoch - 1].macro_f1 if self.best_epoch else -1.0


def save_state(folder: Path, position: Position, tensors: Mapping[str, Tensor], fingerprint: str) -> None:
    """Write position and tensors, and remove the state before."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"step-{position.done:08}.safetensors"
    save_file({key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}, folder / name)
    facts = {"fingerprint": fingerprint, "tensors": name, "position": asdict(position)}
    partial = folder / "state.json.partial"
    partial.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / "state.json")
    for old in folder.glob("step-*.safetensors"):
        if old.name != name:
            old.unlink()


def load_state(folder: Path, fingerprint: str) -> tuple[Position, dict[str, Tensor]] | None:
    """Read the state in a folder, None where there is none.

    Raises ModelError when it is of another training: `fingerprint` stands for recipe, base and data.
    """
    file = folder / "state.json"
    if not file.is_file():
        return None
    way_out = f"remove {folder} (`--restart` does) or choose another folder"
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        if facts["fingerprint"] != fingerprint:
            raise ModelError(
                f"{folder} holds an interrupted training with another recipe, base, data or number of "
                f"processes: {way_out}"
            )
        saved = facts["position"]
        reports = [EpochReport.from_json(report) for report in saved["reports"]]
        position = Position(**{**saved, "reports": reports})
        return position, load_file(folder / facts["tensors"])
    except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
        raise ModelError(f"the interrupted training in {folder} is damaged ({error}): {way_out}") from error


def clear_state(folder: Path) -> None:
    """Remove the state in a folder, and the folder when nothing else is in it."""
    if not folder.is_dir():
        return
    for file in (folder / "state.json", folder / "state.json.partial", *folder.glob("step-*.safetensors")):
        file.unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
