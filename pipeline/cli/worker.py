"""`tocsin worker`: the live pipeline."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.cli.options import ConfigOption, RunOption


def worker(
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            metavar="N",
            help="Run N worker processes under a supervisor that restarts those that die.",
        ),
    ] = None,
    config: ConfigOption = None,
    run: RunOption = None,
    number: Annotated[int | None, typer.Option("--number", hidden=True)] = None,
) -> None:
    """Run the pipeline over Kafka until SIGTERM or Ctrl-C.

    Reads documents, publishes scored documents, rolling sentiment and alerts, writes them to the store and
    delivers alerts. Creates missing topics; stops with a message when the broker, the store or Alertmanager
    stay away. Metrics and health are at `/metrics`, `/healthz` and `/readyz` of the address under [http],
    http://127.0.0.1:9464 by default.

    With `--workers N` that address speaks for all N, each of which also has a port of its own, 9465 and up;
    a worker that dies or makes no progress is started again. Give N up to the number of cores, and run the
    same command on as many hosts as you like: Kafka spreads the partitions.
    """
    from pipeline.logs import set_up_logging
    from pipeline.settings import load_settings

    settings = load_settings(config)
    if run is not None:
        settings = settings.with_run(run)
    if workers is not None:
        from pipeline.worker.supervisor import Supervisor

        set_up_logging(settings.log_level, "supervisor")
        Supervisor(settings, workers, (sys.executable, "-m", "pipeline", "worker")).run()
        return
    from pipeline.model import load_classifier
    from pipeline.worker.run import run_worker

    set_up_logging(settings.log_level, f"worker {number}" if number else "")
    if number is not None:
        from pipeline.worker.orphan import stop_with_parent

        stop_with_parent()
    run_worker(settings, load_classifier(settings))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)
