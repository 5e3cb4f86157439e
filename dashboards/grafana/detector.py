"""Panels on the alarm itself: what it lets through, what it left out, and whether it keeps to its budget."""

from __future__ import annotations

from typing import Any

from dashboards.grafana import panels
from dashboards.grafana.query import IN_RUN, prom, rate
from dashboards.grafana.tongue import Tongue


def budget(t: Tongue) -> Any:
    """Alarms a week against what was allowed."""
    return panels.lines(
        t("Alarms a week against the budget", "每周警报数与预算"),
        t(
            "Alarms a week that each topic raised, fading with time, and the budget of false alarms that "
            "the analyst set. Above the line for long: raise the budget, or look at its sources.",
            "各话题每周警报数（随时间衰减）与分析师设定的误报预算。长期高于预算线时，请调整预算或检查来源。",
        ),
        prom(f"max by (key) (tocsin_alerts_realised_per_week {IN_RUN})", "{{key}}"),
        prom(f"max(tocsin_alert_budget_per_week {IN_RUN})", t("budget", "预算"), "B"),
        size=(8, 8),
        low=0,
    )


def thresholds(t: Tongue) -> Any:
    """From which surprise each topic rings."""
    return panels.lines(
        t("Rings from", "响起阈值"),
        t(
            "Surprise from which each topic rings: it follows the tail of the topic's own history.",
            "各话题响起所需的意外度，由该话题自身历史的尾部决定。",
        ),
        prom(f"max by (key) (tocsin_alert_threshold {IN_RUN})", "{{key}}"),
        size=(8, 8),
        low=0,
    )


def learning(t: Tongue) -> Any:
    """Topics that cannot ring yet."""
    return panels.number(
        t("Still learning", "学习中"),
        t("Topics without enough history to ring.", "历史不足、尚不能响起的话题数。"),
        prom(f"sum(tocsin_alerts_learning {IN_RUN})"),
        size=(4, 8),
        decimals=0,
    )


def left_out(t: Tongue) -> Any:
    """What detection did not count, and what it took for one."""
    return panels.lines(
        t("Merged, left out", "合并与剔除"),
        t(
            "Stories a second that joined one of another wording, and negative stories left out because one "
            "source or author brought too many.",
            "每秒并入其他措辞同一新闻的数量，以及因单一来源或作者过多而剔除的负面新闻数。",
        ),
        prom(rate("tocsin_merged_stories_total"), t("merged", "合并")),
        prom(rate("tocsin_capped_stories_total"), t("left out", "剔除"), "B"),
        size=(4, 8),
        low=0,
    )
