"""Make a served model's sentence map: `python -m models.topics.fit MODEL [--base BASE]`.

Needs the extra `train` and the model's base encoder. Reads the training rows of the public sets in the
model's languages, labels unused, and further texts where they are named; no test row is read. Writes
`embedding.npz` into the model's folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from models.data import SETS, data_folder, load_corpus
from models.errors import ModelError
from models.serving.batching import bucket_batches
from models.serving.classifier import Classifier
from models.serving.manifest import read_manifest
from models.serving.opening import model_folder
from models.topics.sentence_map import FILE, Floats, fit_map

_CHUNK = 512
_MAX_TOKENS = 64


def base_vectors(base: str, prefix: str, texts: Sequence[str], console: Console) -> Floats:
    """Mean of a base encoder's last states over each text, (n, width), with `prefix` before the text."""
    import torch

    from models.training.base import resolve_base
    from models.training.encoding import encode, open_tokenizer, pad
    from models.training.network import build_network

    folder = resolve_base(base)
    network, tokenizer = build_network(folder, 0.0).eval(), open_tokenizer(folder, _MAX_TOKENS)
    ids = encode(tokenizer, [prefix + text for text in texts])
    vectors: list[Floats] = [np.zeros(0, np.float32)] * len(ids)
    batches = list(bucket_batches([len(tokens) for tokens in ids], 4096))
    with torch.inference_mode():
        for length, batch in track(batches, "reading with the base", console=console):
            rows = list(batch)
            pooled = network.pooled(*pad([ids[row] for row in rows], network.pad_id, length))
            for row, vector in zip(rows, pooled.numpy(), strict=True):
                vectors[row] = vector
    return np.stack(vectors)


def gather_texts(languages: Sequence[str], sources: Sequence[str], rows: int, seed: int) -> list[str]:
    """A seeded sample of `rows` training texts in each language, and of `rows` from each further source."""
    from models.training.distillation import read_texts, unlabelled_texts

    corpus = load_corpus(data_folder(), tuple(SETS))
    tested = {example.key for test in corpus.tests.values() for example in test}
    texts: list[str] = []
    for language in languages:
        found = [example.text for example in corpus.train if example.language == language]
        texts += unlabelled_texts(found, known=(), rows=rows, seed=seed)
    for source in sources:
        texts += unlabelled_texts(read_texts(source), known=tested, rows=rows, seed=seed)
    return texts


def run(model: str, base: str, prefix: str, sources: Sequence[str], rows: int, console: Console) -> Path:
    """Fit the map of a served model and write it into its folder."""
    folder = model_folder(model)
    manifest = read_manifest(folder)
    named = base or str(manifest.training.get("recipe", {}).get("base", ""))
    if not named:
        raise ModelError(f"{manifest.name} does not say which base it was made from: give --base")
    texts = gather_texts(manifest.languages, sources, rows, seed=1)
    classifier = Classifier.load(model, backend="onnx", cache=0)
    starts = track(range(0, len(texts), _CHUNK), "reading with the model", console=console)
    states = np.concatenate([classifier.embed(texts[start : start + _CHUNK]) for start in starts])
    fitted = fit_map(states, base_vectors(named, prefix, texts, console), classifier.model)
    fitted.save(folder / FILE)
    console.print(f"{classifier.model}: map to the vectors of {named}, from {len(texts):,} texts")
    return folder / FILE


def main() -> int:
    """Read the command line and fit."""
    parser = argparse.ArgumentParser(prog="python -m models.topics.fit", description=__doc__)
    parser.add_argument("model", help="preset or folder of a served model")
    parser.add_argument("--base", default="", help="the encoder it was made from; default: its recipe's")
    parser.add_argument("--prefix", default="", help="what the base wants before a text: 'query: ' for e5")
    parser.add_argument("--texts", action="append", default=[], metavar="PATH:COLUMN", help="further texts")
    parser.add_argument("--rows", type=int, default=4000, help="texts a language and source")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    try:
        file = run(
            arguments.model, arguments.base, arguments.prefix, arguments.texts, arguments.rows, console
        )
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
