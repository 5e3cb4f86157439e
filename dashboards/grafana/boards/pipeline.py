"""Pipeline: lag, throughput, latency, dead letters, watermark and delivery, by wall clock."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.common import StackingMode
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import health, panels, variables
from dashboards.grafana.assemble import Section, assemble
from dashboards.grafana.column import Column
from dashboards.grafana.query import IN_RUN, RUN, Sql, prom, quantile, rate, shown
from dashboards.grafana.tongue import Tongue


def pipeline(t: Tongue) -> Dashboard:
    """Whether documents come through, and the bell can be heard."""
    return assemble(
        t,
        "pipeline",
        t("Tocsin: Pipeline", "Tocsin：管道"),
        t(
            "Health of the workers of a run, by wall clock: lag, throughput, latency, dead letters, "
            "watermark, "
            "delivery.",
            "某次运行各工作进程的健康状况（时钟时间）：积压、吞吐、延迟、拒收、水位线与送达。",
        ),
        [
            Section(
                t("Now", "当前"),
                [
                    health.workers(t),
                    health.lag_now(t),
                    health.behind_now(t),
                    health.waiting_now(t),
                    health.errors_now(t),
                    health.firing_now(t),
                ],
            ),
            Section(t("Flow", "流量"), [throughput(t), lag(t), latency(t), batches(t)]),
            Section(t("Event time", "事件时间"), [watermark(t), oddities(t), progress(t)]),
            Section(t("Dead letters", "拒收"), [rejections(t), rejected(t)]),
            Section(t("Delivery and store", "送达与存储"), [deliveries(t), stuck(t), stored(t), alerts(t)]),
            Section(t("Process", "进程"), [memory(t), cpu(t)]),
        ],
        [variables.run(t), variables.topic(t), variables.window(t), variables.language(t)],
        time=("now-1h", "now"),
        refresh="30s",
    )


def throughput(t: Tongue) -> Any:
    """Documents a second, in and out."""
    return panels.lines(
        t("Throughput", "吞吐"),
        t(
            "Documents a second: classified, counted into minutes, refused.",
            "每秒文档数：已分类、已计入分钟、被拒收。",
        ),
        prom(rate("tocsin_classified_documents_total"), t("classified", "已分类")),
        prom(rate("tocsin_counted_documents_total"), t("counted", "已计数"), "B"),
        prom(rate("tocsin_rejected_documents_total"), t("refused", "被拒收"), "C"),
        unit="reqps",
        low=0,
    )


def lag(t: Tongue) -> Any:
    """Lag by topic."""
    return panels.lines(
        t("Lag by topic", "各主题积压"),
        t("Records of each Kafka topic that are not committed yet.", "各 Kafka 主题尚未提交的记录数。"),
        prom(f"sum by (topic) (tocsin_consumer_lag_messages {IN_RUN})", "{{topic}}"),
        low=0,
    )


def latency(t: Tongue) -> Any:
    """From the broker's stamp to the score."""
    histogram = "tocsin_document_latency_seconds"
    return panels.lines(
        t("Latency", "延迟"),
        t(
            "From a document's stamp on the broker to its score there: median, 95th and 99th percentile.",
            "从文档在代理上的时间戳到其得分发布：中位数、95 与 99 百分位。",
        ),
        prom(quantile(0.5, histogram), t("median", "中位数")),
        prom(quantile(0.95, histogram), "95 %", "B"),
        prom(quantile(0.99, histogram), "99 %", "C"),
        unit="s",
        low=0,
    )


def batches(t: Tongue) -> Any:
    """How large micro-batches are and how long they take."""
    return panels.lines(
        t("Micro-batches", "微批次"),
        t(
            "Seconds from a full micro-batch to its results (95th percentile), and its records (mean, "
            "right).",
            "微批次装满到结果发布的秒数（95 百分位），以及每批记录数（均值，右轴）。",
        ),
        prom(quantile(0.95, "tocsin_classify_batch_duration_seconds"), t("seconds, 95 %", "秒，95%")),
        prom(
            f"{rate('tocsin_classify_batch_documents_sum')}"
            f" / {rate('tocsin_classify_batch_documents_count')}",
            t("records", "记录"),
            "B",
        ),
        low=0,
        columns=(
            Column(t("seconds, 95 %", "秒，95%"), unit="s"),
            Column(t("records", "记录"), unit="short", axis="right"),
        ),
    )


def watermark(t: Tongue) -> Any:
    """Event time behind wall clock."""
    return panels.lines(
        t("Watermark behind the clock", "水位线滞后走势"),
        t(
            "Steady while the feed flows; a straight climb is a feed, or a worker, that stands still.",
            "数据正常时保持平稳；直线上升表示数据源或工作进程停滞。",
        ),
        prom(f"time() - max(tocsin_watermark_timestamp_seconds {IN_RUN})", t("behind", "滞后")),
        size=(8, 8),
        unit="s",
    )


def oddities(t: Tongue) -> Any:
    """Late and duplicate documents."""
    return panels.lines(
        t("Late, duplicate", "迟到与重复"),
        t(
            "Documents a second that came after their minute had closed, or whose id had been counted; and "
            "minutes closed.",
            "每秒迟到文档、重复文档数，以及结算的分钟数。",
        ),
        prom(rate("tocsin_late_documents_total"), t("late", "迟到")),
        prom(rate("tocsin_duplicate_documents_total"), t("duplicate", "重复"), "B"),
        prom(rate("tocsin_closed_minutes_total"), t("minutes closed", "结算分钟"), "C"),
        size=(8, 8),
        unit="reqps",
        low=0,
    )


def progress(t: Tongue) -> Any:
    """Seconds since each stage last finished some work."""
    return panels.lines(
        t("Since last progress", "距上次进展"),
        t(
            "Seconds since each stage last finished some work. High is fine while nothing arrives.",
            "各阶段距上次完成工作的秒数；无新数据时偏高属正常。",
        ),
        prom(f"time() - max by (stage) (tocsin_last_progress_timestamp_seconds {IN_RUN})", "{{stage}}"),
        size=(8, 8),
        unit="s",
        low=0,
    )


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
