"""Mutes and acknowledgements as silences of Alertmanager, which repeats its alerts by itself.

Reconciled rather than sent once: what is missing is made, what is too many expires. So it survives a restart
of either side, and `tocsin alerts unmute` lifts the silence too. Silences that people made are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec import Struct

from alerts.delivery.alertmanager import ALERTNAMES
from alerts.delivery.batch import Muted, Seen
from alerts.delivery.text import label, line
from alerts.routes import SEVERITIES

CREATOR = "tocsin"
_SEEN_FOR = timedelta(days=7)
"""An acknowledgement holds so long, far beyond any alert."""
_SLACK = timedelta(seconds=2)
"""Ends that differ by less are equal: Alertmanager cuts them to milliseconds."""


class Silence(Struct, frozen=True, kw_only=True):
    """What Alertmanager shall not notify of."""

    matchers: tuple[tuple[str, str, bool], ...]
    """Label, value, and whether the value is a pattern."""
    until: datetime
    comment: str


class Standing(Struct, frozen=True, kw_only=True):
    """A silence that is there."""

    id: str
    silence: Silence


def wanted(run: str, mutes: Iterable[Muted], seen: dict[str, tuple[Seen, datetime]]) -> list[Silence]:
    """The silences that mutes and acknowledgements of firing alerts come to; one a set of matchers."""
    made: dict[tuple[tuple[str, str, bool], ...], Silence] = {}
    for mute in mutes:
        of_run = ("run", label(run), False)
        # Of a whole run, but never of the dead man's switch.
        what = ("kind", "|".join(ALERTNAMES), True) if mute.key == "*" else ("key", label(mute.key), False)
        matchers = (what, of_run)
        why = f"muted by {mute.by}" + (f": {mute.reason}" if mute.reason else "")
        silence = Silence(matchers=matchers, until=mute.until, comment=line(why, 300))
        if matchers not in made or made[matchers].until < mute.until:
            made[matchers] = silence
    for alert_id, (acknowledged, at) in seen.items():
        up_to = "|".join(SEVERITIES[: SEVERITIES.index(acknowledged.severity) + 1])
        matchers = (("alert_id", label(alert_id), False), ("severity", up_to, True))
        why = line(f"acknowledged by {acknowledged.by}", 300)
        made[matchers] = Silence(matchers=matchers, until=at + _SEEN_FOR, comment=why)
    return list(made.values())


def difference(
    desired: Sequence[Silence], there: Sequence[Standing]
) -> tuple[list[tuple[Silence, str]], list[str]]:
    """What to post (a silence and the id it replaces, or "") and which ids to expire."""
    by_matchers = {standing.silence.matchers: standing for standing in there}
    post = []
    for silence in desired:
        standing = by_matchers.pop(silence.matchers, None)
        if standing is None:
            post.append((silence, ""))
        elif abs(standing.silence.until - silence.until) > _SLACK:
            post.append((silence, standing.id))
    return post, [standing.id for standing in by_matchers.values()]


class Silences:
    """Alertmanager's silences that Tocsin made for one run."""

    def __init__(self, client: httpx.Client, url: str, run: str) -> None:
        self._client, self._url, self._run = client, url.rstrip("/") + "/api/v2", run

    def reconcile(self, desired: Sequence[Silence], now: datetime) -> int:
        """Make Alertmanager's silences the desired ones; how many calls that took. httpx.HTTPError else."""
        post, expire = difference([each for each in desired if each.until > now], self._there())
        for silence, replaced in post:
            body: dict[str, Any] = {
                "matchers": [
                    {"name": name, "value": value, "isRegex": pattern, "isEqual": True}
                    for name, value, pattern in silence.matchers
                ],
                "startsAt": _rfc3339(now),
                "endsAt": _rfc3339(silence.until),
                "createdBy": self._creator,
                "comment": silence.comment,
            }
            if replaced:
                body["id"] = replaced
            self._client.post(f"{self._url}/silences", json=body).raise_for_status()
        for id in expire:
            self._client.delete(f"{self._url}/silence/{id}").raise_for_status()
        return len(post) + len(expire)

    @property
    def _creator(self) -> str:
        return f"{CREATOR}/{label(self._run)}"

    def _there(self) -> list[Standing]:
        answer = self._client.get(f"{self._url}/silences")
        answer.raise_for_status()
        return [
            Standing(
                id=each["id"],
                silence=Silence(
                    matchers=tuple((m["name"], m["value"], bool(m["isRegex"])) for m in each["matchers"]),
                    until=datetime.fromisoformat(each["endsAt"]),
                    comment=each["comment"],
                ),
            )
            for each in answer.json()
            if each["createdBy"] == self._creator and each["status"]["state"] in ("active", "pending")
        ]


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
