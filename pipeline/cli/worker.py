"""`tocsin worker`: the live pipeline."""

from __future__ import annotations

import typer

from pipeline.cli.options import ConfigOption, RunOption


def worker(config: ConfigOption = None, run: RunOption = None) -> None:
    """Run the pipeline over Kafka until SIGTERM or Ctrl-C.

    Reads documents, publishes scored documents, rolling sentiment and alerts, writes them to the store and
    delivers alerts. Start as many workers as there are cores to use, on one machine or on many: Kafka spreads
    the partitions. Creates missing topics; stops with a message when the broker, the store or Alertmanager
    stay away. Metrics and health are at `/metrics`, `/healthz` and `/readyz` of the address under [http],
    http://127.0.0.1:9464 by default.
    """
    from pipeline.logs import set_up_logging
    from pipeline.model import load_classifier
    from pipeline.settings import load_settings
    from pipeline.worker.run import run_worker

    settings = load_settings(config)
    if run is not None:
        settings = settings.with_run(run)
    set_up_logging(settings.log_level)
    run_worker(settings, load_classifier(settings))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)
