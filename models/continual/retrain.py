"""From a plan to a candidate: train on from the current model, export, measure against it, decide."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from models.continual.judging import Judged, judge
from models.continual.planning import Options, Plan
from models.continual.promotion import Decision, promotion
from models.continual.weights import checkpoint_from_served
from models.errors import ModelError
from models.evaluation.answers import Progress as Asked
from models.evaluation.rows import Rows
from models.export.command import export
from models.scores import to_scores
from models.serving.classifier import Classifier
from models.serving.golden import to_golden
from models.serving.manifest import FILE, Manifest, read_manifest, write_manifest
from models.serving.onnx import OnnxBackend
from models.training.checkpoint import save_checkpoint
from models.training.encoding import encode
from models.training.loop import Progress, Trained, train
from models.training.network import WEIGHTS
from models.training.resume import EpochReport, clear_state


@dataclass(frozen=True)
class Retrained:
    """A candidate, measured."""

    served: Path
    """Its folder."""
    model: str
    """Its identity."""
    judged: Judged
    decision: Decision
    report: dict[str, Any]
    """All of it as plain values."""


def retrain(
    planned: Plan,
    current: Path,
    out: Path,
    protected: Rows,
    options: Options,
    *,
    base: Path | None = None,
    step: Progress | None = None,
    epoch: Callable[[EpochReport], None] | None = None,
    asked: Asked | None = None,
) -> Retrained:
    """Train on from the model served at `current`, export the candidate to `out/model`, and judge it.

    `base` is a checkpoint of that model where there is one; else its weights are read from its graph. The
    same call goes on after a kill. `step` hears of the training, `epoch` of every epoch, `asked` of rows that
    the two models were asked about.
    """
    manifest = read_manifest(current)
    checkpoint = checkpoint_of(base or current, manifest, out / "base")
    teachers = (str(checkpoint),) if options.anchor else ()
    trained = train(
        planned.recipe.model_copy(update={"teachers": teachers}),
        str(checkpoint),
        planned.corpus,
        step,
        topics=manifest.topics,
        folder=out / "checkpoint",
        report=epoch,
    )
    training = training_of(planned, manifest, trained)
    save_checkpoint(out / "checkpoint", trained.network, trained.tokenizer, training)
    clear_state(out / "checkpoint" / "state")
    shutil.rmtree(out / "base", ignore_errors=True)
    served = out / "model"
    export(out / "checkpoint", served, planned.corpus)
    inherit(current, served, temperatures=planned.rehearsal.own_words)
    before, after = (
        Classifier.load(each, backend="onnx", threads=options.threads) for each in (current, served)
    )
    judged = judge(
        before,
        after,
        protected=protected,
        kept=planned.rehearsal.judged,
        held_out=planned.corrections.held_out,
        tolerance=options.tolerance,
        progress=asked,
    )
    decision = promotion(judged.changes)
    report = report_of(before.model, after.model, decision, training, planned)
    return Retrained(served, after.model, judged, decision, report)


def checkpoint_of(source: Path, current: Manifest, scratch: Path) -> Path:
    """The checkpoint that `source` is, or that of the served model there, written to `scratch`.

    Raises ModelError when it is neither, or has other topics than the current model.
    """
    if (source / WEIGHTS).is_file() and (source / "training.json").is_file():
        topics = json.loads((source / "training.json").read_text("utf-8")).get("topics", current.topics)
        if tuple(topics) != current.topics:
            raise ModelError(f"{source} is a checkpoint with other topics than {current.identity}")
        return source
    if not (source / FILE).is_file():
        raise ModelError(f"{source} holds neither a checkpoint ({WEIGHTS}) nor a served model ({FILE})")
    checkpoint_from_served(source, scratch)
    return scratch


def training_of(planned: Plan, current: Manifest, trained: Trained) -> dict[str, Any]:
    """What the candidate's `model.json` says of how it was made."""
    parts = planned.corrections
    return {
        "recipe": planned.recipe.model_dump(mode="json"),
        "date": datetime.now(UTC).date().isoformat(),
        "topics": list(current.topics),
        "train_rows": len(planned.corpus.train),
        "dev_rows": len(planned.corpus.dev),
        "epochs": [asdict(each) for each in trained.reports],
        "best_epoch": trained.best_epoch,
        "activation_ranges": trained.activation_ranges,
        "retrained_from": current.identity,
        "corrections": {
            "train": len(parts.train),
            "dev": len(parts.dev),
            "held_out": len(parts.held_out),
        },
        "rehearsal": dict(Counter(row.source for row in planned.rehearsal.train)),
    }


def inherit(current: Path, served: Path, *, temperatures: bool) -> None:
    """Let a candidate be for the languages of the current model, and take its temperatures where told to.

    Rows that a model labelled itself would make it look sure beyond measure: no temperature can be fitted to
    them.
    """
    known, manifest = read_manifest(current), read_manifest(served)
    changes: dict[str, Any] = {"languages": known.languages}
    if temperatures:
        changes |= {
            "temperature_tone": known.temperature_tone,
            "temperature_topic": known.temperature_topic,
        }
    manifest = manifest.model_copy(update=changes)
    tokenizer = Tokenizer.from_file(str(served / "tokenizer.json"))
    tokenizer.enable_truncation(manifest.max_length)
    tokenizer.no_padding()
    texts = [golden.text for golden in manifest.golden]
    said = OnnxBackend(served / "model.onnx").logits(encode(tokenizer, texts))
    scores = to_scores(
        said.tone,
        said.topic,
        temperature_tone=manifest.temperature_tone,
        temperature_topic=manifest.temperature_topic,
    )
    golden = to_golden(texts, manifest.topics, scores)
    write_manifest(served, manifest.model_copy(update={"golden": golden}))


def report_of(
    current: str, candidate: str, decision: Decision, training: Mapping[str, Any], planned: Plan
) -> dict[str, Any]:
    """What is kept beside a version: figures by set, every check and the verdict."""
    figures: dict[str, dict[str, float]] = {}
    for check in decision.checks:
        change = check.change
        figures.setdefault(change.set, {"rows": change.rows})[change.metric] = round(change.candidate, 4)
    checks = [
        {
            "set": check.change.set,
            "metric": check.change.metric,
            "rows": check.change.rows,
            "current": round(check.change.current, 4),
            "candidate": round(check.change.candidate, 4),
            "protected": check.change.protected,
            "holds": check.holds,
            "text": check.text,
        }
        for check in decision.checks
    ]
    return {
        "current": current,
        "candidate": candidate,
        "promote": decision.promote,
        "reasons": list(decision.reasons),
        "checks": checks,
        "figures": figures,
        "corrections": training["corrections"],
        "rehearsal": training["rehearsal"],
        "notices": planned.notices(),
    }
