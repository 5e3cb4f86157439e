"""Figures on a run's workers as they are now, by wall clock."""

from __future__ import annotations

from typing import Any, Final

from dashboards.grafana import panels
from dashboards.grafana.column import Steps
from dashboards.grafana.palette import BLUE, ORANGE, VERMILLION, ZERO_IS_GOOD
from dashboards.grafana.query import IN_RUN, prom
from dashboards.grafana.tongue import Tongue

_LAG: Final[Steps] = ((None, BLUE), (1000, ORANGE), (10_000, VERMILLION))
_BEHIND: Final[Steps] = ((None, BLUE), (300, ORANGE), (900, VERMILLION))


def workers(t: Tongue) -> Any:
    """How many answer."""
    return panels.number(
        t("Workers", "工作进程"),
        t("Workers of this run that Prometheus hears from.", "Prometheus 能采集到的该运行的工作进程数。"),
        prom('count(tocsin_worker_info{run="$run"})'),
        decimals=0,
        steps=((None, VERMILLION), (1, BLUE)),
        no_value=t("none", "无"),
    )


def lag_now(t: Tongue) -> Any:
    """Records that wait."""
    return panels.number(
        t("Lag", "积压"),
        t(
            "Records in Kafka that are not committed yet, all topics.",
            "Kafka 中尚未提交的记录数（全部主题）。",
        ),
        prom(f"sum(tocsin_consumer_lag_messages {IN_RUN})"),
        decimals=0,
        steps=_LAG,
    )


def behind_now(t: Tongue) -> Any:
    """How far event time is behind the clock."""
    return panels.number(
        t("Watermark behind", "水位线滞后"),
        t(
            "Wall clock minus watermark. In a live run about the allowed lateness; in a replay it says "
            "how far "
            "back the history lies.",
            "时钟减水位线。实时运行时约等于允许的迟到时间；回放时表示历史距今多久。",
        ),
        prom(f"time() - max(tocsin_watermark_timestamp_seconds {IN_RUN})"),
        unit="s",
        decimals=0,
        steps=_BEHIND,
    )


def waiting_now(t: Tongue) -> Any:
    """Alert events that nobody got yet."""
    return panels.number(
        t("Undelivered", "待送达"),
        t("Alert events that wait in the outbox.", "发件箱中等待送达的警报事件数。"),
        prom(f"sum(tocsin_undelivered_alert_events {IN_RUN})"),
        decimals=0,
        steps=ZERO_IS_GOOD,
    )


def errors_now(t: Tongue) -> Any:
    """Failed writes in the last hour."""
    return panels.number(
        t("Store errors, 1 h", "存储错误（1 小时）"),
        t("Writes to the store that failed and were tried again.", "写入失败并重试的次数。"),
        prom(f"sum(increase(tocsin_store_errors_total[1h]) {IN_RUN})"),
        decimals=0,
        steps=ZERO_IS_GOOD,
    )


def firing_now(t: Tongue) -> Any:
    """Alerts that fire, as the workers say."""
    return panels.number(
        t("Firing", "进行中的警报"),
        t("Alerts that fire now, as the workers export them.", "工作进程上报的进行中警报数。"),
        prom(f"sum(tocsin_alerts_firing {IN_RUN})"),
        decimals=0,
        steps=ZERO_IS_GOOD,
        no_value="0",
    )
