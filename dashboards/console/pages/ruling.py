"""What people do from several pages: acknowledge, mute, judge, correct, ask why."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from dashboards import query
from dashboards.console.labelling import correction, keep_label
from dashboards.console.pages.page import Args, Asked, Done, text
from dashboards.console.views.say import Json, short
from pipeline.store import actions

_MOST_HOURS = 24 * 31


def rule(name: str, args: Args, asked: Asked) -> Done | None:
    """Acknowledge, mute, unmute or judge; None where `name` is none of these."""
    store, say, by, now = asked.store, asked.say, asked.by, asked.now
    id, key, note = text(args, "id", 64), text(args, "key", 512), text(args, "note")
    if name == "acknowledge":
        actions.acknowledge(store, id, by=by, at=now, note=note)
        return Done(say("said_acknowledged"))
    if name == "verdict" and text(args, "verdict") in get_args(actions.Verdict):
        verdict = text(args, "verdict")
        actions.give_verdict(store, id, verdict=verdict, by=by, at=now, note=note)
        return Done(say("said_verdict", verdict=say(verdict)))
    if name == "mute":
        hours = args.get("hours")
        if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= _MOST_HOURS:
            return Done()
        until = now + timedelta(hours=hours)
        actions.mute(store, run=asked.run, key=key, until=until, by=by, at=now, reason=note)
        return Done(say("topic_muted_until", topic=say.topic(key), until=short(until), by=by))
    if name == "unmute":
        actions.unmute(store, run=asked.run, key=key, by=by, at=now)
        return Done(say("said_unmuted", topic=say.topic(key)))
    return None


class Told:
    """Explanations that were asked for on a page, and corrections made from it."""

    def __init__(self) -> None:
        self.told: dict[str, Json] = {}

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """Explain or correct a document; None where `name` is neither."""
        if name not in ("explain", "label"):
            return None
        id = text(args, "id", 600)
        if name == "explain" and self.told.pop(id, None) is not None:
            return Done()
        try:
            document = query.document(asked.store, asked.run, id)
        except query.NotFound:
            self.told[id] = {"problem": asked.say("no_document")}
            return Done(asked.say("no_document"))
        if name == "explain":
            self.told[id] = asked.explainer.explain(document, asked.say)
            return Done(str(self.told[id].get("says", "")))
        label = correction(
            document,
            tone=text(args, "tone", 16),
            topic=text(args, "topic", 64),
            by=asked.by,
            note=text(args, "note"),
            at=asked.now,
            topics=asked.topics,
        )
        where = keep_label(label, asked.settings, asked.store, asked.labels)
        return Done(asked.say(f"said_label_{where}"))
