"""Words for the values that records hold, with their colours."""

from __future__ import annotations

from dashboards.grafana.column import Words
from dashboards.grafana.palette import BLUE, GREY, ORANGE, SEVERITY, TONE, VERMILLION
from dashboards.grafana.tongue import Tongue


def severities(t: Tongue) -> Words:
    """`watch`, `warning`, `critical`."""
    return {
        "watch": (t("watch", "关注"), SEVERITY["watch"]),
        "warning": (t("warning", "警告"), SEVERITY["warning"]),
        "critical": (t("critical", "严重"), SEVERITY["critical"]),
    }


def states(t: Tongue) -> Words:
    """`firing`, `resolved`."""
    return {"firing": (t("firing", "进行中"), VERMILLION), "resolved": (t("resolved", "已结束"), GREY)}


def tones(t: Tongue) -> Words:
    """`negative`, `neutral`, `positive`."""
    return {
        "negative": (t("negative", "负面"), TONE["negative"]),
        "neutral": (t("neutral", "中性"), TONE["neutral"]),
        "positive": (t("positive", "正面"), TONE["positive"]),
    }


def causes(t: Tongue) -> Words:
    """What changed, as an alert says it."""
    return {
        "more_news": (t("more news", "新闻更多"), None),
        "worse_news": (t("worse news", "新闻更坏"), None),
        "more_and_worse_news": (t("more and worse news", "更多且更坏"), None),
        "other_mix": (t("other mix of topics", "话题构成变化"), None),
    }


def kinds(t: Tongue) -> Words:
    """What was detected."""
    return {
        "negative_surge": (t("surge of negative stories", "负面新闻激增"), None),
        "feed_silence": (t("the feed is silent", "数据源静默"), None),
        "dead_man": (t("nothing is processed", "处理停滞"), None),
    }


def actions(t: Tongue) -> Words:
    """What happened to an alert, in its journal."""
    return {
        "pending": (t("pending", "待定"), None),
        "fired": (t("fired", "响起"), VERMILLION),
        "escalated": (t("escalated", "升级"), VERMILLION),
        "updated": (t("updated", "更新"), ORANGE),
        "confirmed": (t("confirmed", "确认"), None),
        "resolved": (t("resolved", "结束"), GREY),
        "acknowledged": (t("acknowledged", "已认领"), BLUE),
        "muted": (t("muted", "静音"), GREY),
        "unmuted": (t("unmuted", "取消静音"), None),
        "verdict": (t("verdict", "评价"), BLUE),
        "delivered": (t("delivered", "已送达"), BLUE),
        "refused": (t("refused", "被拒收"), ORANGE),
        "suppressed": (t("suppressed", "被抑制"), GREY),
    }
