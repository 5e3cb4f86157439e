"""`tocsin watchlists`: what is followed beside the topics, and what of a feed that would be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from pipeline.settings import Watchlist

_EXAMPLES = 3


@dataclass
class _Found:
    """What of a feed belongs to one watchlist."""

    documents: int = 0
    days: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


def watchlists(
    feed: Annotated[
        str | None,
        typer.Argument(metavar="[FEED]", help="CSV, JSONL or Parquet, also .gz: try the watchlists on it."),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="OURS=THEIRS", help="A column of the feed by name: --map title=headline."
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the watchlists of the settings; with a feed, how many of its documents each would hold.

    A watchlist is a section `[watchlists.NAME]` of tocsin.toml with terms or symbols to find, and sources or
    topics to narrow that down. It is counted, listened to and shown under the key `watch.NAME`, as a topic
    is. Trying one on a feed needs no model, so its `topics` are left out there.
    """
    from pipeline.settings import load_settings

    lists = load_settings(config).watchlists
    if not lists:
        if as_json:
            print("{}")
        else:
            print('No watchlists. Add one to tocsin.toml:\n\n[watchlists.banks]\nterms = ["Harbor Bank"]')
        return
    found = _try(lists, feed, mapping or []) if feed is not None else None
    if as_json:
        print(
            json.dumps(
                {name: _plain(each, (found or {}).get(name)) for name, each in lists.items()}, indent=2
            )
        )
    else:
        _show(lists, found)


def _try(lists: Mapping[str, Watchlist], feed: str, mapping: list[str]) -> dict[str, _Found]:
    from datetime import UTC, datetime

    from pipeline.cli.progress import feed_progress
    from pipeline.feed import open_feed, parse_mapping
    from pipeline.records import Document
    from pipeline.watchlists import Watchlists

    anywhere = {
        name: each.model_copy(update={"topics": ()})
        for name, each in lists.items()
        if each.terms or each.symbols or each.sources
    }
    found = {name: _Found() for name in anywhere}
    lookup = Watchlists(anywhere)
    with (
        open_feed(feed, now=datetime.now(UTC), mapping=parse_mapping(mapping)) as rows,
        feed_progress("looking", rows) as shown,
    ):
        for item in rows:
            shown(rows.rows_read)
            if not isinstance(item, Document):
                continue
            for name in lookup.of(item, ""):
                of = found[name]
                of.documents += 1
                of.days[f"{item.published_at:%Y-%m-%d}"] += 1
                if len(of.examples) < _EXAMPLES:
                    of.examples.append((item.title or item.body)[:120])
    return found


def _plain(each: Watchlist, found: _Found | None) -> dict[str, Any]:
    told: dict[str, Any] = each.model_dump(mode="json")
    if found is not None:
        busiest = found.days.most_common(1)
        told |= {
            "documents": found.documents,
            "days": len(found.days),
            "busiest_day": busiest[0][0] if busiest else None,
            "busiest_documents": busiest[0][1] if busiest else 0,
            "examples": found.examples,
        }
    return told


def _show(lists: Mapping[str, Watchlist], found: Mapping[str, _Found] | None) -> None:
    from dashboards.text import printable

    for name, each in lists.items():
        print(f"{name}  {each.title}".rstrip())
        follows = ", ".join([*each.terms, *(f"${symbol}" for symbol in each.symbols)])
        narrowed = ", ".join([*each.sources, *each.topics])
        for what, said in (("follows", follows), ("only", narrowed)):
            if said:
                print(f"  {what:8} {said}")
        if found is not None and name not in found:
            print("  found    needs the model: it follows topics alone")
        elif found is not None:
            of = found[name]
            busiest = "".join(f", most on {day}: {count:,}" for day, count in of.days.most_common(1))
            print(f"  found    {of.documents:,} documents on {len(of.days):,} days{busiest}")
            for example in of.examples:
                print(f"           {printable(example, 100)}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watchlists")(watchlists)
