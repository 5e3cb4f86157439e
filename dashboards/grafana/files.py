"""Every file that belongs into `deploy/grafana/`: made here, written, and compared with what lies there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import provisioning
from dashboards.grafana.boards.alert import alert
from dashboards.grafana.boards.model import model
from dashboards.grafana.boards.overview import overview
from dashboards.grafana.boards.pipeline import pipeline
from dashboards.grafana.boards.replay import replay
from dashboards.grafana.boards.topic import topic
from dashboards.grafana.provisioning import Addresses
from dashboards.grafana.tongue import LANGUAGES, Tongue, TopicNames

_BOARDS: Final[tuple[Callable[[Tongue], Dashboard], ...]] = (overview, topic, alert, replay, model, pipeline)


def tongues(topics: TopicNames) -> list[Tongue]:
    """One for each language."""
    return [Tongue(language, topics) for language in LANGUAGES]


def dashboards(t: Tongue) -> list[dict[str, Any]]:
    """The dashboards of one language as plain values, in the order of their links."""
    made: list[dict[str, Any]] = [json.loads(json.dumps(board(t), cls=JSONEncoder)) for board in _BOARDS]
    for board in made:
        # The SDK knows one place alone, a menu; without it, links and switches stand above the panels.
        for shown in (*board["links"], *board["annotations"].get("list", ())):
            shown.pop("placement", None)
    return made


def files(topics: TopicNames, addresses: Addresses) -> dict[str, str]:
    """Text by path under `deploy/grafana`; it follows from the arguments alone, byte for byte."""
    made = {
        f"dashboards/{t.language}/{board['uid']}.json": json.dumps(board, ensure_ascii=False, indent=2) + "\n"
        for t in tongues(topics)
        for board in dashboards(t)
    }
    return dict(sorted((made | provisioning.files(addresses, tongues(topics))).items()))


def write(made: Mapping[str, str], out: Path) -> list[Path]:
    """Write what differs from what lies there; the paths that changed. Dashboards of before are removed."""
    changed = []
    for name in different(made, out):
        path = out / name
        if name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[name], "utf-8")
        else:
            path.unlink()
        changed.append(path)
    return changed


def different(made: Mapping[str, str], out: Path) -> list[str]:
    """Names of the files that are missing in `out`, are not as they are made, or are made no more."""
    stale = [name for name, text in made.items() if _read(out / name) != text]
    there = sorted(str(path.relative_to(out)) for path in out.glob("dashboards/*/tocsin-*.json"))
    return stale + [name for name in there if name not in made]


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
