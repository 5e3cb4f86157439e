"""`tocsin topics`: make, check, list and delete the topics of a run."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipeline.cli.options import ConfigOption, JsonOption, RunOption
from pipeline.errors import UsageError

topics = typer.Typer(no_args_is_help=True, help="Make, check, list and delete the topics of a run.")


@topics.command("create")
def create_command(
    alter: Annotated[
        bool, typer.Option("--alter", help="Also mend topics that exist: configuration, missing partitions.")
    ] = False,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the run's topics that do not exist yet."""
    from pipeline.settings import load_settings
    from pipeline.topics import alter as alter_topics
    from pipeline.topics import create

    settings = load_settings(config, run=run)
    made = (alter_topics if alter else create)(settings)
    if as_json:
        print(json.dumps({"created": made}))
    else:
        print("\n".join(f"created {name}" for name in made) or "All topics are there, as they should be.")


@topics.command("check")
def check_command(run: RunOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say whether every topic is there with the right partitions and configuration; exit status 1 if not."""
    from pipeline.settings import load_settings
    from pipeline.topics import check, plan

    settings = load_settings(config, run=run)
    check(settings)
    if as_json:
        print(json.dumps({"checked": [topic.name for topic in plan(settings)]}))
    else:
        print("All topics are there, as they should be.")


@topics.command("list")
def list_command(run: RunOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the topics that the brokers have; without --run, of every run."""
    from pipeline.settings import load_settings
    from pipeline.topics import list_topics

    found = list_topics(load_settings(config, run=run), every_run=run is None)
    if as_json:
        fields = ("name", "partitions", "replication")
        print(json.dumps([{field: getattr(topic, field) for field in fields} for topic in found]))
        return
    if not found:
        print("No topics. `tocsin topics create` makes them.")
        return
    width = max(len(topic.name) for topic in found)
    print(f"{'topic':{width}}  partitions  copies  retention.ms")
    for topic in found:
        kept = topic.configs.get("retention.ms", "not told")
        print(f"{topic.name:{width}}  {topic.partitions:10}  {topic.replication:6}  {kept:>12}")


@topics.command("delete")
def delete_command(
    run: RunOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Needed for the live run.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete the run's topics with all their records."""
    from pipeline.settings import load_settings
    from pipeline.topics import delete

    settings = load_settings(config, run=run)
    if settings.run == "live" and not yes:
        raise UsageError(
            "This would delete the live topics with all their records. If you mean it, add --yes."
        )
    gone = delete(settings)
    if as_json:
        print(json.dumps({"deleted": gone}))
    else:
        print("\n".join(f"deleted {name}" for name in gone) or "No topics to delete.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(topics, name="topics")
