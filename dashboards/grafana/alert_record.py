"""Panels on what happened to one alert: journal, events, delivery, verdicts, mutes."""

from __future__ import annotations

from typing import Any, Final

from dashboards.grafana import panels, wording
from dashboards.grafana.column import Column
from dashboards.grafana.palette import BLUE, ORANGE
from dashboards.grafana.query import ALERT, RUN, Sql, shown
from dashboards.grafana.tongue import Tongue

THIS: Final = f"run = {RUN} AND id = {ALERT}"
"""Condition on `alert`, `alert_event`, `alert_journal` and `verdict`: the chosen alert."""


def journal(t: Tongue) -> Any:
    """All that happened to it, in order."""
    return panels.rows(
        t("Journal", "日志"),
        t(
            "Every transition in order, by wall clock, with the event time where it has one: people, "
            "detector, delivery. Nothing is ever changed in it.",
            "按时钟时间排列的全部变更，并附事件时间：人工操作、检测器与送达。记录只增不改。",
        ),
        Sql(f"""
            SELECT seq, at, event_time, action, {shown('"by"', 80)} AS by, {shown("reason")} AS reason
            FROM alert_journal WHERE {THIS} ORDER BY seq LIMIT 500
        """),
        size=(12, 9),
        columns=(
            Column("seq", t("No.", "序号"), decimals=0, width=60),
            Column("at", t("At", "时间"), "dateTimeAsIso", width=170),
            Column("event_time", t("Event time", "事件时间"), "dateTimeAsIso", width=170),
            Column("action", t("What", "动作"), words=wording.actions(t), width=120),
            Column("by", t("By", "执行者"), width=120),
            Column("reason", t("Reason", "原因"), wrap=True),
        ),
    )


def events(t: Tongue) -> Any:
    """The figures at each event."""
    return panels.rows(
        t("Events", "事件"),
        t("What the detector said each time the alert changed.", "警报每次变化时检测器给出的数据。"),
        Sql(f"""
            SELECT seq, detected_at, reason, severity, observed, expected, surprise, recorded_at,
              {shown("changed")} AS changed
            FROM alert_event WHERE {THIS} ORDER BY seq LIMIT 500
        """),
        size=(12, 9),
        columns=(
            Column("seq", t("No.", "序号"), decimals=0, width=60),
            Column("detected_at", t("Event time", "事件时间"), "dateTimeAsIso", width=160),
            Column("reason", t("Event", "事件"), words=wording.actions(t), width=90),
            Column("severity", t("Severity", "级别"), words=wording.severities(t), width=90),
            Column("observed", t("Seen", "实际"), decimals=0),
            Column("expected", t("Expected", "预期"), decimals=1),
            Column("surprise", t("Surprise", "意外度"), decimals=1),
            Column("recorded_at", t("Recorded", "记录时间"), "dateTimeAsIso", width=160),
            Column("changed", t("What changed", "变化"), wrap=True),
        ),
    )


def delivery(t: Tongue) -> Any:
    """Who was told, and who was not."""
    return panels.rows(
        t("Delivery", "送达"),
        t("Each event at each receiver, by wall clock.", "每个事件在各接收端的送达情况（时钟时间）。"),
        Sql(f"""
            SELECT receiver, seq, enqueued_at, first_success_at, failures, refused,
              {shown("last_error")} AS last_error
            FROM outbox WHERE run = {RUN} AND alert_id = {ALERT} ORDER BY receiver, seq LIMIT 500
        """),
        size=(24, 6),
        columns=(
            Column("receiver", t("Receiver", "接收端"), width=150),
            Column("seq", t("Event no.", "事件序号"), decimals=0, width=100),
            Column("enqueued_at", t("Queued", "入队"), "dateTimeAsIso", width=170),
            Column("first_success_at", t("Accepted", "已接受"), "dateTimeAsIso", width=170),
            Column("failures", t("Failed tries", "失败次数"), decimals=0, width=110),
            Column("refused", t("Refused", "被拒收"), width=90),
            Column("last_error", t("Last error", "最近错误"), wrap=True),
        ),
    )


def verdicts(t: Tongue) -> Any:
    """What people said of it."""
    return panels.rows(
        t("Verdicts", "评价"),
        t("What people said of this alert: useful or noise.", "人工评价：有用或噪声。"),
        Sql(f"""
            SELECT at, verdict, {shown('"by"', 80)} AS by, {shown("note")} AS note
            FROM verdict WHERE {THIS} ORDER BY at DESC LIMIT 100
        """),
        size=(12, 6),
        columns=(
            Column("at", t("At", "时间"), "dateTimeAsIso", width=170),
            Column(
                "verdict",
                t("Verdict", "评价"),
                width=100,
                words={
                    "useful": (t("useful", "有用"), BLUE),
                    "noise": (t("noise", "噪声"), ORANGE),
                },
            ),
            Column("by", t("By", "执行者"), width=120),
            Column("note", t("Note", "备注"), wrap=True),
        ),
    )


def mutes(t: Tongue) -> Any:
    """Who muted its topic."""
    return panels.rows(
        t("Mutes of its topic", "该话题的静音"),
        t("Times in which this topic was told to be silent.", "该话题被设为静音的时段。"),
        Sql(f"""
            SELECT created_at, until, {shown('"by"', 80)} AS by, {shown("reason")} AS reason, lifted_at,
              {shown("lifted_by", 80)} AS lifted_by
            FROM mute WHERE run = {RUN} AND key = (SELECT key FROM alert WHERE {THIS})
            ORDER BY created_at DESC LIMIT 100
        """),
        size=(12, 6),
        columns=(
            Column("created_at", t("From", "自"), "dateTimeAsIso", width=160),
            Column("until", t("Until", "至"), "dateTimeAsIso", width=160),
            Column("by", t("By", "执行者"), width=100),
            Column("reason", t("Reason", "原因"), wrap=True),
            Column("lifted_at", t("Lifted", "解除时间"), "dateTimeAsIso", width=160),
            Column("lifted_by", t("Lifted by", "解除者"), width=100),
        ),
    )
