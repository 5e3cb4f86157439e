"""Entry point of `tocsin`: gathers the subcommands and turns errors into messages."""

from __future__ import annotations

import sys

import typer

from models.errors import ModelError
from pipeline.cli import (
    alerts,
    broker,
    calibrate,
    classify,
    console,
    dashboards,
    data,
    demo,
    detect,
    evaluate,
    explain,
    export,
    labels,
    models,
    rejected,
    replay,
    report,
    retrain,
    schema,
    serve,
    settings,
    topics,
    train,
    verify,
    watchlists,
    worker,
)
from pipeline.errors import TocsinError
from pipeline.logs import set_up_logging

app = typer.Typer(
    name="tocsin",
    help="Streaming financial sentiment monitor: hears the news on Kafka, rings when bad news surges.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

# One line a subcommand. Each module in `pipeline.cli` keeps its heavy imports inside its functions, so that
# `tocsin --help` stays quick.
classify.register(app)
train.register(app)
evaluate.register(app)
explain.register(app)
export.register(app)
replay.register(app)
report.register(app)
alerts.register(app)
calibrate.register(app)
detect.register(app)
worker.register(app)
rejected.register(app)
verify.register(app)
broker.register(app)
topics.register(app)
watchlists.register(app)
schema.register(app)
serve.register(app)
settings.register(app)
data.register(app)
dashboards.register(app)
models.register(app)
labels.register(app)
retrain.register(app)
demo.register(app)
console.register(app)


def main() -> None:
    """Run the command; errors that a person can mend go to stderr as one message."""
    set_up_logging("warning")
    try:
        app()
    except TocsinError as error:
        print(f"tocsin: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except ModelError as error:
        print(f"tocsin: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
