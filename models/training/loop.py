"""Fine-tune the encoder and both heads together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import broadcast
from tokenizers import Tokenizer
from torch import Tensor

from models.data import Corpus
from models.taxonomy import topic_ids
from models.training import processes
from models.training.encoding import encode, open_tokenizer, pad
from models.training.learner import Learner
from models.training.learner_state import learner_tensors, restore_learner
from models.training.log import Log
from models.training.network import ToneTopicNetwork, build_network
from models.training.recipe import Recipe
from models.training.resume import EpochReport, Position, load_state, save_state
from models.training.rows import Rows, prepare_rows
from models.training.selection import logits, mean_macro_f1
from models.training.tuning import choose_parameters, merge, save_adapter

__all__ = ["EpochReport", "Trained", "logits", "open_tokenizer", "pad", "train"]

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Trained:
    """The network of the best epoch, in eval mode on the CPU, and the reports of all."""

    network: ToneTopicNetwork
    tokenizer: Tokenizer
    reports: tuple[EpochReport, ...]
    best_epoch: int
    activation_ranges: dict[str, list[float]]
    """With quantisation noise: product → [lowest, highest] of its input; else empty."""


def train(
    recipe: Recipe,
    base: str,
    corpus: Corpus,
    progress: Progress | None = None,
    *,
    topics: Sequence[str] | None = None,
    folder: Path | None = None,
    report: Callable[[EpochReport], None] | None = None,
    teaching: Callable[[int, int], None] | None = None,
) -> Trained:
    """Fine-tune on `corpus.train`, keeping the epoch with the best mean macro-F1 on `corpus.dev`.

    `base` is a folder or hub id, `topics` the ids of the topic head in order. `progress` hears (steps done,
    steps in all, loss), `report` every epoch, `teaching` (texts the teachers answered, answers in all).
    `folder` keeps the state, from which a killed training goes on by itself (`state`), the teachers' answers,
    curves for TensorBoard (`log`) and low-rank additions (`adapter`). Everything is seeded: on one machine,
    with as many threads, two runs give the same weights, killed in between or not. Under `accelerate launch`
    several processes share every batch.
    """
    accelerator = processes.accelerator()
    main: bool = accelerator.is_main_process
    torch.set_num_threads(recipe.threads or torch.get_num_threads())
    torch.manual_seed(recipe.seed)
    topics = tuple(topic_ids() if topics is None else topics)
    tokenizer = open_tokenizer(base, recipe.max_length)
    network = build_network(
        base,
        recipe.dropout,
        encoder_dropout=recipe.encoder_dropout,
        layers=recipe.layers,
        topics=topics,
    )
    adapter = choose_parameters(network, recipe)
    with accelerator.main_process_first():
        rows = prepare_rows(
            recipe,
            corpus,
            tokenizer,
            topics,
            cache=folder / "teachers.safetensors" if folder else None,
            device=accelerator.device,
            progress=teaching if main else None,
        )
    fingerprint = _fingerprint(recipe, rows, network, accelerator.num_processes)
    learner = Learner(network, recipe, rows, accelerator)
    dev_ids = encode(tokenizer, [example.text for example in corpus.dev])
    torch.manual_seed(recipe.seed + accelerator.process_index)

    position, best = Position(), dict[str, Tensor]()
    state = folder / "state" if folder else None
    if state and (saved := load_state(state, fingerprint)):
        position, tensors = saved
        restore_learner(learner, tensors)
        best = {name[5:]: tensor for name, tensor in tensors.items() if name.startswith("best/")}
    log = Log(folder / "log" if folder and main else None, position.done)

    def keep_state() -> None:
        tensors = learner_tensors(learner) | {f"best/{name}": tensor for name, tensor in best.items()}
        if state and main:
            save_state(state, position, tensors, fingerprint)

    while position.epoch < recipe.epochs and not _patience_is_over(position, recipe.patience):
        network.train()
        learner.ids = rows.epoch_ids(position.epoch, recipe.seed)
        batches = rows.epoch(position.epoch, recipe.batch_size, recipe.seed)
        for batch in batches[position.batch :]:
            rate = learner.learning_rate(position.done)
            loss = learner.step(batch, position.done).item()
            position.done += 1
            position.batch += 1
            position.loss += loss
            log.step(position.done, loss, rate)
            if progress and main:
                progress(position.done, learner.steps, loss)
            if position.done % recipe.save_steps == 0 and position.batch < len(batches):
                keep_state()
        with learner.settled():
            scores = learner.measure(dev_ids, corpus.dev)
            mean = mean_macro_f1(scores)
            mean = float(broadcast(torch.tensor(mean, device=accelerator.device)))
            position.reports.append(
                EpochReport(position.epoch + 1, position.loss / len(batches), scores, mean)
            )
            if mean > position.best_macro_f1:
                position.best_epoch = position.epoch + 1
                position.best_ranges = learner.noise.as_json() if learner.noise else {}
                best = learner.weights()
        position.epoch, position.batch, position.loss = position.epoch + 1, 0, 0.0
        log.epoch(position.done, position.reports[-1])
        if report and main:
            report(position.reports[-1])
        keep_state()
    log.close()
    learner.set_weights(best)
    learner.release()
    # Where accelerate computes in another precision it has changed the network's forward.
    accelerator.unwrap_model(learner.wrapped, keep_fp32_wrapper=False)
    network = network.to("cpu")
    if adapter is not None:
        _finish_adapter(adapter, network, folder if main else None)
    return Trained(
        network.eval(), tokenizer, tuple(position.reports), position.best_epoch, position.best_ranges
    )


def _patience_is_over(position: Position, patience: int) -> bool:
    return bool(patience) and position.epoch - position.best_epoch >= patience


def _finish_adapter(adapter: Any, network: ToneTopicNetwork, folder: Path | None) -> None:
    if folder:
        save_adapter(adapter, network, folder / "adapter")
    merge(adapter, network)


def _fingerprint(recipe: Recipe, rows: Rows, network: ToneTopicNetwork, processes: int) -> str:
    """Hash over all that decides the weights: recipe, rows, the network before the first step."""
    digest = sha256(f"{processes}{recipe.model_dump_json()}{rows.digest()}".encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
