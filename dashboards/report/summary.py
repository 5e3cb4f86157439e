"""The summary: sentences made of figures, alerts and headlines, each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.report.values import Report, Sentence
from dashboards.report.words import Words, change, moment, number, odds, percent
from dashboards.text import printable

_STORIES = 3


def summary(report: Report, words: Words) -> tuple[Sentence, ...]:
    """What a reader with ten seconds needs."""
    figures = [*_incident(report, words)] if report.alert is not None else [*_span(report, words)]
    told = [Sentence(text=text, ids=(f"F{place}",)) for place, text in enumerate(figures, start=1)]
    if report.alert is None:
        told.append(_rang(report, words))
    for story in report.stories[:_STORIES]:
        text = words.say(
            "story_sentence",
            when=moment(story.published_at),
            source=printable(story.source, 60),
            title=printable(story.title, 240),
            documents=words.documents(story.documents),
        )
        told.append(Sentence(text=text, ids=(f"S{story.number}",)))
    return tuple(told)


def _span(report: Report, words: Words) -> Iterator[str]:
    figures = {figure.name: figure for figure in report.figures}
    negative, share = figures["negative_stories"], figures["negative_share"]
    key = words.key(report.key)
    if negative.normal is None:
        yield words.say("lead_no_normal", seen=number(negative.seen), key=key)
    else:
        yield words.say(
            "lead",
            seen=number(negative.seen),
            key=key,
            normal=number(round(negative.normal)),
            change=change(negative.seen, negative.normal),
        )
    if share.normal is None:
        yield words.say("share_no_normal", share=percent(share.seen))
    else:
        yield words.say("share", share=percent(share.seen), normal=percent(share.normal))


def _incident(report: Report, words: Words) -> Iterator[str]:
    alert = report.alert
    assert alert is not None
    yield words.say(
        "incident_lead",
        window=words.window(alert.window_minutes),
        observed=number(alert.observed),
        key=words.key(alert.key),
        expected=number(alert.expected),
    )
    if alert.expected_high > 0:
        yield words.say("incident_interval", low=number(alert.expected_low), high=number(alert.expected_high))
    yield words.say(
        "incident_share", share=percent(alert.observed_share), expected_share=percent(alert.expected_share)
    )
    yield words.say("incident_surprise", odds=odds(alert.surprise), least=odds(alert.threshold))
    parts = alert.parts
    if parts.worse_tone or parts.more_news or parts.mix:
        yield words.say(
            "incident_parts",
            excess=number(alert.observed - alert.expected),
            worse=number(parts.worse_tone),
            more=number(parts.more_news),
            mix=number(parts.mix),
        )
    if alert.documents:
        yield words.say(
            "incident_copies",
            observed=number(alert.observed),
            documents=number(alert.documents),
            capped=number(alert.capped),
        )


def _rang(report: Report, words: Words) -> Sentence:
    alerts = report.alerts
    if not alerts:
        return Sentence(text=words.say("rang_none"), ids=("A0",))
    first = alerts[0]
    at, key = moment(first.detected_at), words.key(first.key)
    if len(alerts) == 1:
        severity = words.say(f"severity_{first.severity}")
        text = words.say("rang_once", at=at, key=key, severity=severity)
    else:
        critical = sum(alert.severity == "critical" for alert in alerts)
        text = words.say("rang", n=len(alerts), critical=critical, at=at, key=key)
    return Sentence(text=text, ids=("A1",))
