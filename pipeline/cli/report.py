"""`tocsin report`: what happened, as a file for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import ConfigOption, JsonOption, RunOption

if TYPE_CHECKING:
    from datetime import datetime

    from dashboards.report.values import Report
    from pipeline.settings import Settings
    from pipeline.store import Store


def report(
    alert: Annotated[
        str | None, typer.Option("--alert", metavar="ID|last", help="Incident report of this alert.")
    ] = None,
    daily: Annotated[
        str | None, typer.Option("--daily", metavar="DATE|last", help="Brief of a UTC day.")
    ] = None,
    weekly: Annotated[
        str | None, typer.Option("--weekly", metavar="DATE|last", help="Brief of seven days from DATE on.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME|last", help="Brief from there; last: where the last one ended."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="With --since; default the last whole hour.")
    ] = None,
    key: Annotated[str, typer.Option("--key", help="`overall`, a topic id, or `watch.NAME`.")] = "overall",
    run: RunOption = None,
    form: Annotated[
        str | None, typer.Option("--format", metavar="html|pdf|md", help="Default: by --out, else html.")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of the report.")] = "en",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE|DIR", help="Default: a name of its own, here.")
    ] = None,
    rewrite: Annotated[
        str | None,
        typer.Option(
            "--rewrite",
            metavar="URL",
            help="OpenAI-compatible URL of your own language model that may rewrite the summary.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--rewrite-model", metavar="NAME", help="Its name for the model.")
    ] = "default",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an incident report of an alert, or a brief of a day, a week or any span, live or replay.

    What happened in time order, pictures, numbers against normal, the main stories with their sources, who
    was named, what the alarm did. Stories are quoted, never invented. With --rewrite the summary is reworded
    by a language model: each sentence must cite its sources, others are dropped; its key, if it needs one, is
    TOCSIN_LLM_KEY in the environment. Needs the extra `report`.

    Every morning, from cron or a timer: `tocsin report --since last --format pdf --out reports/`.
    """
    import json
    import os
    from datetime import UTC, datetime

    from dashboards.report.make import FORMS, file_name, write
    from dashboards.report.rewrite import KEY_VARIABLE
    from dashboards.report.rewrite import rewrite as ask
    from dashboards.report.spans import LastReports
    from dashboards.report.summary import summary
    from dashboards.report.words import Words
    from pipeline.errors import UsageError
    from pipeline.settings import load_settings
    from pipeline.store import Store

    settings = load_settings(config, run=run)
    asked = {"--alert": alert, "--daily": daily, "--weekly": weekly, "--since": since}
    if sum(value is not None for value in asked.values()) != 1:
        raise UsageError(f"say what to report, by one of {', '.join(asked)}")
    if lang not in ("en", "zh"):
        raise UsageError(f"--lang {lang}: en or zh")
    chosen = next((name for name in FORMS if name == (form or _suffix(out) or "html")), None)
    if chosen is None:
        raise UsageError(f"--format {form or _suffix(out)}: {', '.join(FORMS)}")
    words = Words("zh" if lang == "zh" else "en", settings.watchlists)
    last = LastReports(settings.state_dir / "reports.json")
    name = f"{settings.run}/{key}/{lang}"
    with Store.open(settings.store.url) as store:
        made = _made(store, settings, asked, until, key, last.get(name), datetime.now(UTC))
    rewritten = None
    if rewrite is not None:
        secret = os.environ.get(KEY_VARIABLE, "")
        rewritten = ask(made, summary(made, words), words, url=rewrite, model=model, key=secret)
        if not rewritten.sentences:
            print("tocsin: nothing that the language model wrote rests on the sources; the summary is ours")
            rewritten = None
    file = _file(out, file_name(made, chosen, lang))
    files = write(made, words, chosen, file, rewritten)
    if since is not None:
        last.put(name, made.until)
    if as_json:
        told = {
            "files": [str(each) for each in files],
            "kind": made.kind,
            "run": made.run,
            "key": made.key,
            "since": made.since.isoformat(),
            "until": made.until.isoformat(),
            "alerts": len(made.alerts),
            "stories": len(made.stories),
            "dropped_sentences": rewritten.dropped if rewritten else 0,
        }
        print(json.dumps(told))
    else:
        print(f"wrote {', '.join(str(each) for each in files)}")


def _made(
    store: Store,
    settings: Settings,
    asked: dict[str, str | None],
    until: str | None,
    key: str,
    last: datetime | None,
    now: datetime,
) -> Report:
    from dashboards import query
    from dashboards.report.gather import brief, incident
    from dashboards.report.spans import between, day, week
    from pipeline.errors import UsageError

    alert = asked["--alert"]
    if alert == "last":
        found = query.alerts(store, settings.run, limit=1)
        if not found:
            raise UsageError(f"run {settings.run} has no alert yet")
        alert = found[0].id
    if alert is not None:
        return incident(store, alert, made_at=now)
    info = next((each for each in query.runs(store) if each.run == settings.run), None)
    if info is None or info.last is None:
        raise UsageError(
            f"the store has no minutes of run {settings.run}: `tocsin worker` fills `live`, "
            "`tocsin replay FEED --store` makes a run of the past"
        )
    newest = now if settings.run == "live" else info.last
    if asked["--daily"] is not None:
        span = day(asked["--daily"], newest)
        return brief(store, settings.run, key, *span, made_at=now, kind="daily")
    if asked["--weekly"] is not None:
        span = week(asked["--weekly"], newest)
        return brief(store, settings.run, key, *span, made_at=now, kind="weekly")
    span = between(asked["--since"] or "last", until, newest, last)
    return brief(store, settings.run, key, *span, made_at=now)


def _suffix(out: Path | None) -> str | None:
    return out.suffix.lstrip(".").lower() or None if out is not None and not out.is_dir() else None


def _file(out: Path | None, name: str) -> Path:
    from pipeline.errors import UsageError

    if out is None:
        return Path(name)
    folder = out if out.is_dir() or not out.suffix else out.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror or error}") from None
    return out / name if folder == out else out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)
