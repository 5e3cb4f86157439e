"""Documents a second of the served classifier beside the plain transformers pipeline, in one run.

    python benchmarks/classifier.py [--texts 2000] [--checkpoint DIR]

Reads Financial PhraseBank sentences from the data folder. With `--checkpoint` (what `tocsin train`
wrote) the same weights also run in `transformers.pipeline`, batch 32, with the tone head alone. The two take
turns, and the medians count: machines are noisy.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# Run as a script, benchmarks/models.py would stand for the package `models`.
sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.machine import machine
from models import Classifier
from models.data import data_folder, read_set

Run = Callable[[Sequence[str]], object]


def plain_pipeline(model: str | Path) -> Run:
    """A model's encoder and tone head in float32 as a transformers text-classification pipeline."""
    import torch
    import transformers
    from transformers.modeling_outputs import SequenceClassifierOutput

    from models.export.source import open_source

    library: Any = transformers
    source = open_source(model)
    network, tokenizer = source.network, source.tokenizer
    encoder: Any = network.encoder

    encoder.config.num_labels = network.tone.out_features

    class BertForSequenceClassification(library.BertForSequenceClassification):  # type: ignore[misc]
        """Runs our network under the name the pipeline looks for."""

        def __init__(self) -> None:
            super().__init__(encoder.config)
            self.bert = encoder

        def forward(self, input_ids: Any, attention_mask: Any, **_: object) -> Any:
            return SequenceClassifierOutput(logits=network(input_ids, attention_mask)[0])

    pad = tokenizer.id_to_token(network.pad_id)
    fast = library.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=pad)
    runs: Any = BertForSequenceClassification()
    classify = library.pipeline("text-classification", model=runs.eval(), tokenizer=fast, device="cpu")

    def run(texts: Sequence[str]) -> object:
        with torch.inference_mode():
            return classify(list(texts), batch_size=32)

    return run


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="en")
    parser.add_argument("--checkpoint", type=Path)
    arguments = parser.parse_args()
    texts = [example.text for example, _ in read_set(data_folder(), "fpb")][: arguments.texts]

    # Every round brings the same texts: nothing may be remembered.
    served = Classifier.load(arguments.model, backend="onnx", cache=0)
    single = Classifier.load(arguments.model, backend="onnx", threads=1, cache=0)
    half = len(texts) // 2

    def two_threads(texts: Sequence[str]) -> object:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(single.classify, (texts[:half], texts[half:])))

    runs: dict[str, Run] = {
        "served": served.classify,
        "served, micro-batches of 64": lambda texts: [
            served.classify(texts[i : i + 64]) for i in range(0, len(texts), 64)
        ],
        "served, two callers, one thread each": two_threads,
    }
    if arguments.checkpoint:
        runs["transformers pipeline, batch 32"] = plain_pipeline(arguments.checkpoint)

    for run in runs.values():
        run(texts[:64])
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(arguments.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run(texts)
            seconds[name].append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "machine": machine(),
                "model": served.model,
                "texts": len(texts),
                "rounds": arguments.rounds,
                "documents_per_second": {
                    name: round(len(texts) / statistics.median(taken)) for name, taken in seconds.items()
                },
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
