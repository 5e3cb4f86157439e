"""Panels on what became of documents and alerts: dead letters, delivery, the store, and what it costs."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.common import StackingMode

from dashboards.grafana import panels
from dashboards.grafana.column import Column
from dashboards.grafana.query import IN_RUN, RUN, Sql, prom, rate, shown
from dashboards.grafana.tongue import Tongue


def rejections(t: Tongue) -> Any:
    """Dead letters by reason, over time."""
    return panels.lines(
        t("Dead letters by reason", "按原因的拒收"),
        t("Documents refused in each step, by reason.", "每个时间段内按原因统计的拒收文档数。"),
        prom(
            f"sum by (reason) (increase(tocsin_rejected_documents_total[$__rate_interval]) {IN_RUN})",
            "{{reason}}",
        ),
        size=(10, 8),
        low=0,
        bars=True,
        stacked=StackingMode.NORMAL,
    )


def rejected(t: Tongue) -> Any:
    """The latest dead letters, without their bytes."""
    return panels.rows(
        t("Latest dead letters", "最近拒收"),
        t(
            "Where they stood and what is wrong with them. `tocsin rejected` shows their bytes.",
            "其所在位置与错误原因；原始字节可用 `tocsin rejected` 查看。",
        ),
        Sql(f"""
            SELECT rejected_at, reason, {shown("detail")} AS detail, topic, partition,
              "offset"::text AS at_offset, length(raw) AS bytes
            FROM rejected WHERE run = {RUN} AND $__timeFilter(rejected_at)
            ORDER BY rejected_at DESC, topic, partition, "offset" LIMIT 100
        """),
        size=(14, 8),
        columns=(
            Column("rejected_at", t("At", "时间"), "dateTimeAsIso", width=170),
            Column("reason", t("Reason", "原因"), width=130),
            Column("detail", t("Detail", "详情"), wrap=True),
            Column("topic", t("Kafka topic", "Kafka 主题"), width=150),
            Column("partition", t("Partition", "分区"), decimals=0, width=80),
            Column("at_offset", t("Offset", "位移"), width=90),
            Column("bytes", t("Size", "大小"), "bytes", width=90),
        ),
    )


def deliveries(t: Tongue) -> Any:
    """Tries to deliver, by receiver and outcome."""
    return panels.lines(
        t("Deliveries", "送达"),
        t("Tries to deliver an alert event, by receiver and outcome.", "按接收端与结果统计的送达尝试。"),
        prom(
            "sum by (receiver, outcome) "
            f"(increase(tocsin_alert_deliveries_total[$__rate_interval]) {IN_RUN})",
            "{{receiver}} {{outcome}}",
        ),
        prom(f"sum(tocsin_undelivered_alert_events {IN_RUN})", t("waiting", "等待中"), "B"),
        low=0,
    )


def stuck(t: Tongue) -> Any:
    """What waits or was refused, and why."""
    return panels.rows(
        t("Waiting or refused", "等待或被拒收"),
        t(
            "Alert events that a receiver has not accepted, with the last error.",
            "接收端尚未接受的警报事件及最近错误。",
        ),
        Sql(f"""
            SELECT receiver, alert_id, seq, severity, enqueued_at, failures, refused, next_attempt_at,
              {shown("last_error")} AS last_error
            FROM outbox
            WHERE run = {RUN} AND (refused OR (done_at IS NULL AND first_success_at IS NULL))
            ORDER BY enqueued_at DESC, receiver, alert_id, seq LIMIT 100
        """),
        size=(12, 8),
        columns=(
            Column("receiver", t("Receiver", "接收端"), width=120),
            Column("alert_id", t("Alert", "警报"), width=150),
            Column("seq", t("No.", "序号"), decimals=0, width=60),
            Column("severity", t("Severity", "级别"), width=90),
            Column("enqueued_at", t("Queued", "入队"), "dateTimeAsIso", width=160),
            Column("failures", t("Failed tries", "失败次数"), decimals=0, width=90),
            Column("refused", t("Refused", "被拒收"), width=80),
            Column("next_attempt_at", t("Next try", "下次尝试"), "dateTimeAsIso", width=160),
            Column("last_error", t("Last error", "最近错误"), wrap=True),
        ),
    )


def stored(t: Tongue) -> Any:
    """Writes to the store, and failed ones."""
    return panels.lines(
        t("Store", "存储"),
        t("Records a second written to the store, and writes that failed.", "每秒写入记录数与失败次数。"),
        prom(rate("tocsin_stored_records_total", "kind"), "{{kind}}"),
        prom(rate("tocsin_store_errors_total"), t("failed", "失败"), "B"),
        unit="reqps",
        low=0,
    )


def alerts(t: Tongue) -> Any:
    """Alert events by reason."""
    return panels.lines(
        t("Alert events", "警报事件"),
        t("Events of alerts in each step, by reason and severity.", "按原因与级别统计的警报事件。"),
        prom(
            f"sum by (reason, severity) (increase(tocsin_alert_events_total[$__rate_interval]) {IN_RUN})",
            "{{reason}} {{severity}}",
        ),
        low=0,
        bars=True,
        stacked=StackingMode.NORMAL,
    )


def memory(t: Tongue) -> Any:
    """Resident memory of each worker."""
    return panels.lines(
        t("Memory", "内存"),
        t("Resident memory of each worker.", "各工作进程的常驻内存。"),
        prom(f"process_resident_memory_bytes {IN_RUN}", "{{instance}}"),
        unit="bytes",
        low=0,
    )


def cpu(t: Tongue) -> Any:
    """Cores that each worker keeps busy."""
    return panels.lines(
        t("CPU", "CPU"),
        t("Cores that each worker keeps busy.", "各工作进程占用的核数。"),
        prom(f"rate(process_cpu_seconds_total[$__rate_interval]) {IN_RUN}", "{{instance}}"),
        low=0,
    )
