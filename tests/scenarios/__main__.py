"""`python -m tests.scenarios`: plays scenarios and prints a table; `make soak` runs it."""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import signal
import sys
import time
from dataclasses import asdict, replace

from rich.console import Console
from rich.table import Table

from tests.kafka import broker_of_yours
from tests.scenarios.ground import Ground, ground
from tests.scenarios.play import Outcome, play
from tests.scenarios.scenario import Scenario, load


def main() -> int:
    arguments = _arguments()
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    # `kill -USR1` shows where it stands.
    faulthandler.register(signal.SIGUSR1)
    yours = broker_of_yours()
    scenarios = [*load("quick"), *([] if arguments.quick else load("long"))]
    if arguments.only:
        scenarios = [each for each in scenarios if any(word in each.name for word in arguments.only)]
    if yours is not None or arguments.broker == "tansu":
        left_out = [each.name for each in scenarios if each.owns_the_broker]
        scenarios = [replace(each, via="direct") for each in scenarios if each.name not in left_out]
        if left_out:
            print(
                f"Not on this broker, which must be ours to stop or cut off: {', '.join(left_out)}",
                file=sys.stderr,
            )
    outcomes = []
    with ground(yours, arguments.broker) as on:
        for scenario in scenarios:
            outcomes.append(_play(scenario, on))
    if arguments.json:
        print(json.dumps([_plain(each) for each in outcomes], indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 130).print(table(outcomes))
    return 0 if outcomes and all(each.right for each in outcomes) else 1


def _play(scenario: Scenario, on: Ground) -> Outcome:
    began = time.monotonic()
    print(f"{scenario.name}: {scenario.says}", file=sys.stderr, flush=True)
    try:
        outcome = play(scenario, on)
    except Exception as error:
        outcome = Outcome(
            scenario=scenario.name, documents=0, faults=0, lost=0, double=0, repeated=0, same_digest=False,
            recovery=None, seconds=time.monotonic() - began, peak_mb=0.0, notes=(repr(error),),
        )  # fmt: skip
    print(f"  {_said(outcome)}", file=sys.stderr, flush=True)
    if not outcome.right:
        print("  " + "; ".join(outcome.notes), file=sys.stderr, flush=True)
        on.folder.parent.joinpath(f"tocsin-scenario-{scenario.name.replace(' ', '-')}.log").write_text(
            outcome.log
        )
    return outcome


def _said(outcome: Outcome) -> str:
    recovery = "" if outcome.recovery is None else f", flowed again in {outcome.recovery:.1f} s"
    digest = "same" if outcome.same_digest else "DIFFERS"
    return (
        f"{outcome.documents:,} documents, {outcome.lost} lost, {outcome.double} double, {outcome.repeated} "
        f"repeated, digest {digest}{recovery}, {outcome.peak_mb:.0f} MB, {outcome.seconds:.0f} s"
    )


def table(outcomes: list[Outcome]) -> Table:
    """The outcomes for people."""
    shown = Table(title="Faults, and what became of the counts")
    shown.add_column("scenario")
    for name in ("documents", "faults", "lost", "double", "repeated", "recovery s", "took s", "peak MB"):
        shown.add_column(name, justify="right")
    shown.add_column("digest")
    for each in outcomes:
        shown.add_row(
            each.scenario,
            f"{each.documents:,}",
            str(each.faults),
            str(each.lost),
            str(each.double),
            f"{each.repeated:,}",
            "" if each.recovery is None else f"{each.recovery:.1f}",
            f"{each.seconds:.0f}",
            f"{each.peak_mb:.0f}",
            "same" if each.same_digest else "DIFFERS",
            style=None if each.right else "bold red",
        )
    return shown


def _plain(outcome: Outcome) -> dict[str, object]:
    fields = asdict(outcome)
    del fields["log"]
    return {**fields, "right": outcome.right}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make soak", description="Play fault scenarios and print what became of them."
    )
    parser.add_argument("only", nargs="*", help="play those whose name holds one of these words")
    parser.add_argument("--quick", action="store_true", help="only those that `make test` plays as well")
    parser.add_argument(
        "--broker", choices=("kafka", "tansu"), default="kafka", help="the embedded broker to play on"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
