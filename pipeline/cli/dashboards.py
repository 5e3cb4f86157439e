"""`tocsin dashboards`: build Grafana's dashboards into files, or push them to a running Grafana."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import JsonOption, TaxonomyOption
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from dashboards.grafana.plan import Change
    from dashboards.grafana.provisioning import Addresses
    from dashboards.grafana.tongue import TopicNames

dashboards = typer.Typer(
    no_args_is_help=True, help="Grafana's dashboards: build them into files, or push them to a server."
)

PostgresOption = Annotated[
    str, typer.Option("--postgres", metavar="HOST:PORT", help="PostgreSQL as Grafana reaches it.")
]
DatabaseOption = Annotated[str, typer.Option("--database", metavar="NAME", help="Its database.")]
UserOption = Annotated[
    str, typer.Option("--user", metavar="ROLE", help="Its role for Grafana; deploy/grafana/reader.sql.")
]
SslOption = Annotated[
    str, typer.Option("--sslmode", metavar="MODE", help="disable, require, verify-ca or verify-full.")
]
PrometheusOption = Annotated[
    str, typer.Option("--prometheus", metavar="URL", help="Prometheus as Grafana reaches it.")
]
AlertmanagerOption = Annotated[
    str, typer.Option("--alertmanager", metavar="URL", help="Alertmanager as Grafana reaches it.")
]


@dashboards.command("build")
def build_command(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")] = Path(
        "deploy/grafana"
    ),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit status 1 where a file is stale.")
    ] = False,
    postgres: PostgresOption = "postgres:5432",
    database: DatabaseOption = "tocsin",
    user: UserOption = "tocsin_grafana",
    sslmode: SslOption = "disable",
    prometheus: PrometheusOption = "http://prometheus:9090",
    alertmanager: AlertmanagerOption = "http://alertmanager:9093",
    taxonomy: TaxonomyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write dashboards and provisioning files for Grafana's disk: the same input gives the same bytes.

    DIR/dashboards/en and zh go to /etc/grafana/dashboards, DIR/provisioning to /etc/grafana/provisioning; the
    password of Grafana's database role stays out of them, in TOCSIN_GRAFANA_POSTGRES_PASSWORD of Grafana's
    environment.
    """
    _need_sdk()
    from dashboards.grafana.files import different, files, write

    addresses = _addresses(postgres, database, user, sslmode, prometheus, alertmanager)
    made = files(_topic_names(taxonomy), addresses)
    stale = different(made, out)
    if not check:
        write(made, out)
    if as_json:
        print(json.dumps({"files": sorted(made), "stale" if check else "written": stale}))
    elif check:
        for name in stale:
            print(f"stale: {out / name}")
        print(
            f"{len(stale)} of {len(made)} files are stale: run `tocsin dashboards build`"
            if stale
            else f"All {len(made)} files are as they are built."
        )
    else:
        print("\n".join(f"wrote {out / name}" for name in stale) or f"All {len(made)} files were up to date.")
    if check and stale:
        raise typer.Exit(1)


@dashboards.command("push")
def push_command(
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Grafana, such as https://grafana.example.")
    ],
    language: Annotated[
        str, typer.Option("--language", metavar="en|zh|both", help="Which dashboards.")
    ] = "both",
    sources: Annotated[
        bool,
        typer.Option("--sources", help="Also data sources and the contact point (a token with role Admin)."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for each answer.")
    ] = 10,
    postgres: PostgresOption = "postgres:5432",
    database: DatabaseOption = "tocsin",
    user: UserOption = "tocsin_grafana",
    sslmode: SslOption = "disable",
    prometheus: PrometheusOption = "http://prometheus:9090",
    alertmanager: AlertmanagerOption = "http://alertmanager:9093",
    taxonomy: TaxonomyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the dashboards to a running Grafana: compare, show the difference, ask, write.

    The token of a service account is read from TOCSIN_GRAFANA_TOKEN. Everything is read and compared before
    anything is written; what is as it should be is left alone, so that a second push writes nothing. A
    dashboard that somebody changes in between is not overwritten. With --json and without --yes nothing is
    written: it is the plan.
    """
    _need_sdk()
    from dashboards.grafana.client import TOKEN_VARIABLE, Grafana
    from dashboards.grafana.files import tongues
    from dashboards.grafana.provisioning import PASSWORD_VARIABLE
    from dashboards.grafana.push import PushStoppedError, carry_out, planned
    from dashboards.grafana.wanted import wanted

    if language not in ("en", "zh", "both"):
        raise UsageError(f"--language {language}: en, zh or both")
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token.strip():
        raise UsageError(
            f"{TOKEN_VARIABLE} is not set: make a service account in Grafana, and a token for it"
        )
    addresses = _addresses(postgres, database, user, sslmode, prometheus, alertmanager) if sources else None
    chosen = [t for t in tongues(_topic_names(taxonomy)) if language in ("both", t.language)]
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if sources and not password:
        note = f"{PASSWORD_VARIABLE} is not set: a data source that is made now has no password"
        print(f"tocsin: {note}", file=sys.stderr)
    things = wanted(chosen, addresses, password)
    grafana = Grafana(url, token.strip(), timeout=timeout)
    changes = planned(grafana, things)
    due = [change for change in changes if change.action != "keep"]
    if not as_json:
        _show(changes, grafana.url)
    if due and not yes and not as_json:
        if not sys.stdin.isatty():
            raise UsageError("nothing was written: add --yes to write without being asked")
        if not typer.confirm(f"Write {len(due)} changes?"):
            print("Nothing was written.")
            return
    done: list[Change] = []
    try:
        if due and (yes or not as_json):
            carry_out(grafana, due, lambda change: _tell(change, done, quiet=as_json))
    except PushStoppedError as stopped:
        if as_json:
            print(json.dumps(_plan(grafana.url, changes, done) | {"error": str(stopped.why)}))
            raise typer.Exit(1) from None
        raise
    if as_json:
        print(json.dumps(_plan(grafana.url, changes, done) | {"error": None}))


def _tell(change: Change, done: list[Change], *, quiet: bool) -> None:
    done.append(change)
    if not quiet:
        print(f"{change.action}d {change.wanted.name}")


def _show(changes: list[Change], url: str) -> None:
    from dashboards.text import printable

    for change in changes:
        if change.action == "create":
            print(f"create  {change.wanted.name}: {change.wanted.title}")
        elif change.action == "update":
            print(f"update  {change.wanted.name}: {change.wanted.title}")
            for line in change.difference:
                print(f"    {line[:1]}{printable(line[1:], 240)}")
    kept = sum(change.action == "keep" for change in changes)
    print(f"{url} has {kept} of {len(changes)} already as they should be.")


def _plan(url: str, changes: list[Change], done: list[Change]) -> dict[str, Any]:
    return {
        "url": url,
        "changes": [
            {
                "kind": change.wanted.kind,
                "uid": change.wanted.uid,
                "title": change.wanted.title,
                "action": change.action,
                "written": change in done,
                "difference": list(change.difference),
            }
            for change in changes
        ],
    }


def _need_sdk() -> None:
    from importlib.util import find_spec

    for package in ("grafana_foundation_sdk", "grafana_api", "yaml"):
        if find_spec(package) is None:
            raise UsageError(f"{package} is not installed: pip install 'tocsin[grafana]'")


def _addresses(
    postgres: str, database: str, user: str, sslmode: str, prometheus: str, alertmanager: str
) -> Addresses:
    from dashboards.grafana.provisioning import Addresses

    for option, address in (("--prometheus", prometheus), ("--alertmanager", alertmanager)):
        if not address.startswith(("http://", "https://")) or "@" in address:
            raise UsageError(f"{option}: an http or https address without user or password")
    if sslmode not in ("disable", "require", "verify-ca", "verify-full"):
        raise UsageError(f"--sslmode {sslmode}: disable, require, verify-ca or verify-full")
    return Addresses(postgres, database, user, sslmode, prometheus, alertmanager)


def _topic_names(taxonomy: Path | None) -> TopicNames:
    from models.taxonomy import load_topics

    return {topic.id: (topic.name_en, topic.name_zh) for topic in load_topics(taxonomy)}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(dashboards, name="dashboards")
