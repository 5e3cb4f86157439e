"""Find a model's files, check them, and load them for one of the backends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer

from models.errors import ModelError
from models.hub import fetch
from models.serving.backend import Backend, BackendName, cuda_is_there
from models.serving.manifest import DATA_FILES, FILE, TORCH_FILES, Manifest, read_manifest
from models.serving.onnx import OnnxBackend
from models.taxonomy import TONES

PRESETS = Path(__file__).parents[1] / "presets"
_CHECKPOINT = "training.json"


@dataclass(frozen=True, slots=True)
class Opened:
    """A model that is ready to run."""

    folder: Path
    manifest: Manifest
    tokenizer: Tokenizer
    backend: Backend
    deciding: Mapping[str, str]
    """What of the backend belongs into the model's identity: nothing where the exported graph is run."""
    is_checkpoint: bool = False
    """Whether it comes from training, which keeps no golden sentences."""


def model_folder(path: str | Path) -> Path:
    """Folder of a preset by name, of a hub's model (`hub:owner/name`), or the folder that `path` is.

    Raises ModelError where it is none of these.
    """
    if isinstance(path, str) and path.startswith("hub:"):
        return fetch(path.removeprefix("hub:"), (FILE, *DATA_FILES))
    preset = PRESETS / str(path)
    if isinstance(path, str) and preset.parent == PRESETS and preset.is_dir():
        return preset
    if Path(path).is_dir():
        return Path(path)
    names = ", ".join(sorted(entry.name for entry in PRESETS.iterdir() if entry.is_dir()))
    raise ModelError(
        f"no model {str(path)!r}: it is neither a preset ({names}) nor a folder; "
        "a model on a hub is hub:owner/name"
    )


def open_model(
    path: str | Path,
    backend: BackendName = "auto",
    *,
    device: str | None = None,
    threads: int = 0,
    batch_tokens: int | None = None,
) -> Opened:
    """Load a preset, a served model or a checkpoint; raises ModelError when that cannot be done.

    `auto` takes torch where there is a CUDA device and what torch needs is installed, or where the folder
    holds a checkpoint alone; else onnx.
    """
    folder = model_folder(path)
    served = (folder / FILE).is_file() or not (folder / _CHECKPOINT).is_file()
    if backend == "auto":
        wanted = device is not None or not served or (_torch_is_there() and cuda_is_there())
        backend = "torch" if wanted else "onnx"
    if backend == "torch":
        return _open_torch(folder, served, device, batch_tokens)
    if device not in (None, "cpu"):
        raise ModelError(f"the onnx backend runs on the CPU, not on {device!r}: take backend torch")
    if not served:
        raise ModelError(f"{folder} holds a checkpoint: export it (tocsin export), or take backend torch")
    manifest = read_manifest(folder)
    _check_tones(folder, manifest)
    tokenizer = _tokenizer(folder)
    return Opened(folder, manifest, tokenizer, OnnxBackend(folder / "model.onnx", threads, batch_tokens), {})


def _open_torch(folder: Path, served: bool, device: str | None, batch_tokens: int | None) -> Opened:
    if not _torch_is_there():
        raise ModelError("the torch backend needs PyTorch and transformers: pip install -e '.[train]'")
    from models.serving.torch_backend import TorchBackend
    from models.serving.torch_weights import checkpoint_manifest, load_network

    if device is None:
        device = "cuda" if cuda_is_there() else "cpu"
    exact = all((folder / name).is_file() for name in TORCH_FILES)
    if served:
        manifest = read_manifest(folder, (*TORCH_FILES, "tokenizer.json") if exact else DATA_FILES)
        _check_tones(folder, manifest)
    else:
        manifest = checkpoint_manifest(folder)
    network = load_network(folder)
    backend = TorchBackend(network, manifest.max_length, device=device, tokens=batch_tokens)
    weights = manifest.files[TORCH_FILES[0]] if exact else "of model.onnx"
    deciding = {"arithmetic": backend.arithmetic, "weights": weights}
    return Opened(folder, manifest, _tokenizer(folder), backend, deciding, is_checkpoint=not served)


def _torch_is_there() -> bool:
    return all(find_spec(name) is not None for name in ("torch", "transformers", "safetensors"))


def _check_tones(folder: Path, manifest: Manifest) -> None:
    if manifest.tones != TONES:
        raise ModelError(f"{folder}: the tones are {manifest.tones}, they must be {TONES}")


def _tokenizer(folder: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelError(f"{folder / 'tokenizer.json'} cannot be read: {error}") from error
