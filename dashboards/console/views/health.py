"""The health of pipeline and model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dashboards.console.reads import Pipeline
from dashboards.console.views.say import Json, Say, short
from dashboards.text import printable

_STALE = timedelta(minutes=10)
"""Age of the newest minute of the live run from which that is worth a look."""


def health_view(
    pipeline: Pipeline, say: Say, *, run: str, store: str, now: datetime, worker: tuple[bool, str] | None
) -> Json:
    """The page as it is shown; `worker` is whether it says that it is ready, and what it says."""
    info = pipeline.info
    live = run == "live"
    age = now - info.last if info is not None and info.last is not None else None
    stale = live and age is not None and age > _STALE
    trouble = [stale, bool(pipeline.refused), worker is not None and not worker[0]]
    flow = [
        _fact(
            say("newest_minute"), f"{short(info.last)} UTC" if info and info.last else say("none_yet"), stale
        ),
        _fact(say("documents_24h"), f"{pipeline.documents_24h:,}"),
        _fact(say("late_24h"), f"{pipeline.late_24h:,}"),
        _fact(say("rejected_7d"), f"{sum(pipeline.rejected_week.values()):,}"),
        *(_fact(f"· {reason}", f"{n:,}") for reason, n in sorted(pipeline.rejected_week.items())),
    ]
    if live:
        said = say("worker_unasked") if worker is None else worker[1]
        flow.insert(0, _fact(say("worker"), printable(said), worker is not None and not worker[0]))
    bell = [
        _fact(say("firing_now"), str(info.firing if info else 0)),
        _fact(say("alerts_all"), str(info.alerts if info else 0)),
        _fact(say("undelivered"), f"{pipeline.waiting:,}"),
        _fact(say("refused"), f"{pipeline.refused:,}", bool(pipeline.refused)),
    ]
    model = [_fact(printable(each.value), say("documents_n", n=each.documents)) for each in pipeline.models]
    model += [
        _fact(f"{say('language')} {each.value or '–'}", f"{each.documents:,}") for each in pipeline.langs
    ]
    return {
        "lead": say("health_bad") if any(trouble) else say("health_good"),
        "cards": [
            {"title": say("pipeline"), "facts": flow, "hint": say("event_time_hint") if not live else ""},
            {"title": say("the_bell"), "facts": bell, "hint": ""},
            {
                "title": say("model"),
                "facts": model or [_fact(say("none_yet"), "")],
                "hint": say("model_hint"),
            },
            {"title": say("the_store"), "facts": [_fact(say("address"), printable(store))], "hint": ""},
        ],
        "days": _days(pipeline),
    }


def _fact(name: str, value: str, bad: bool = False) -> Json:
    return {"name": name, "value": value, "bad": bad}


def _days(pipeline: Pipeline) -> Sequence[Json]:
    return [
        {
            "day": f"{day.time:%Y-%m-%d}",
            "documents": day.documents,
            "negative": day.negative / day.documents,
            "neutral": day.neutral / day.documents,
            "positive": day.positive / day.documents,
        }
        for day in reversed(pipeline.days)
        if day.documents
    ]
