"""`tocsin worker`: the live pipeline."""

from __future__ import annotations

import logging

import typer

from pipeline.cli.options import ConfigOption, RunOption


def worker(config: ConfigOption = None, run: RunOption = None) -> None:
    """Run the pipeline over Kafka until SIGTERM or Ctrl-C.

    Reads documents, publishes scored documents, rolling sentiment and alerts, writes them to the store and
    delivers alerts. Start as many workers as there are cores to use, on one machine or on many: Kafka spreads
    the partitions. Creates missing topics; stops with a message when the broker, the store or Alertmanager stay
    away. Metrics and health: `http://127.0.0.1:9464/metrics`, `/healthz`, `/readyz` (settings under [http]).
    """
    from pipeline.settings import load_settings
    from pipeline.worker.run import run_worker

    settings = load_settings(config)
    if run is not None:
        settings = settings.with_run(run)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    run_worker(settings)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)
