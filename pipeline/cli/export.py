"""`tocsin export`: take a model elsewhere, into plain transformers or into ONNX."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.options import JsonOption


class Form(StrEnum):
    """What a model is written as."""

    HF = "hf"
    ONNX = "onnx"


class Precision(StrEnum):
    """What an ONNX model computes in."""

    INT8 = "int8"
    FLOAT32 = "float32"


def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A checkpoint of tocsin train; with --to hf also a served model or a preset.",
        ),
    ],
    to: Annotated[
        Form,
        typer.Option("--to", help="hf: folders for transformers. onnx: the folder that Tocsin serves."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write.")],
    precision: Annotated[
        Precision, typer.Option("--precision", help="What the ONNX model computes in.")
    ] = Precision.INT8,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="FILE",
            help="report.json of tocsin evaluate --out, for the model card.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a model for use elsewhere, with a model card that names its data and their licences.

    `--to hf`: `pipeline("text-classification", model=DIR)` tells the tone, `DIR/topic` the topic, with
    nothing but transformers; `DIR/encoder` is a base to train on. Probabilities are those of the model in
    float32, temperature included; weights are safetensors.

    `--to onnx`: model.onnx, tokenizer.json and model.json, which `model.path` and `--model` take. The rows of
    the training must be at hand: on them the temperatures are fitted, and ranges taken.
    """
    from pipeline.errors import UsageError

    if to is Form.HF and precision is not Precision.INT8:
        raise UsageError("--precision is for --to onnx: a transformers folder is in float32")
    report = _report(figures)
    try:
        from models.export import interchange
    except ImportError as error:
        raise UsageError(f"export needs {error.name}: pip install -e '.[train]'") from error
    from pipeline.cli.quiet import quiet_transformers

    quiet_transformers()
    facts: dict[str, Any] = {"to": to.value, "out": str(out)}
    if to is Form.HF:
        from models.export.source import open_source

        source = open_source(model)
        temperatures, notice = interchange.temperatures_of(source)
        interchange.write_hf(source, out, temperatures, figures=report)
        facts |= {
            "model": source.name,
            "folders": {"tone": str(out), "topic": str(out / "topic"), "encoder": str(out / "encoder")},
            "temperatures": dict(zip(("tone", "topic"), temperatures, strict=True)),
            "notices": [notice] if notice else [],
        }
    else:
        heads = interchange.write_onnx(Path(model), out, precision=precision.value, figures=report)
        facts |= {
            "precision": precision.value,
            "bytes": (out / "model.onnx").stat().st_size,
            "heads": {task: asdict(head) for task, head in heads.items()},
        }
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        _say(facts)


def _report(file: Path | None) -> dict[str, Any] | None:
    from pipeline.errors import UsageError

    if file is None:
        return None
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {file}: {error}") from error
    if not isinstance(report, dict) or not {"model", "sets"} <= set(report):
        raise UsageError(f"{file} is no report of tocsin evaluate: it names no model and sets")
    return report


def _say(facts: dict[str, Any]) -> None:
    out = facts["out"]
    if facts["to"] == "hf":
        print(f"{facts['model']} for transformers:")
        print(f'  tone   pipeline("text-classification", model="{out}", truncation=True)')
        print(f'  topic  pipeline("text-classification", model="{out}/topic", truncation=True)')
        print(f"  to train on: {out}/encoder; model card: {out}/README.md")
        for notice in facts["notices"]:
            print(f"mind: {notice}")
        return
    for task, head in facts["heads"].items():
        if head["rows"]:
            print(
                f"{task}: {head['served_accuracy']:.3f} right on {head['rows']:,} development rows "
                f"({head['accuracy']:.3f} before), temperature {head['temperature']:.2f}"
            )
    print(f"Wrote {out}: model.onnx has {facts['bytes'] / 1e6:.1f} MB ({facts['precision']})")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)
