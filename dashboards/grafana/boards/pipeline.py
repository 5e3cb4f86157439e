"""Pipeline: lag, throughput, latency, dead letters, watermark and delivery, by wall clock."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import detector, health, outcome, panels, variables
from dashboards.grafana.assemble import Section, assemble
from dashboards.grafana.column import Column
from dashboards.grafana.query import IN_RUN, prom, quantile, rate
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
            Section(t("Dead letters", "拒收"), [outcome.rejections(t), outcome.rejected(t)]),
            Section(
                t("Delivery and store", "送达与存储"),
                [outcome.deliveries(t), outcome.stuck(t), outcome.stored(t), outcome.alerts(t)],
            ),
            Section(
                t("Alarm", "警报器"),
                [detector.budget(t), detector.thresholds(t), detector.learning(t), detector.left_out(t)],
            ),
            Section(t("Process", "进程"), [outcome.memory(t), outcome.cpu(t)]),
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
            "Documents a second: classified, counted into minutes, refused, refused before and sent again.",
            "每秒文档数：已分类、已计入分钟、被拒收、拒收后重新送入。",
        ),
        prom(rate("tocsin_classified_documents_total"), t("classified", "已分类")),
        prom(rate("tocsin_counted_documents_total"), t("counted", "已计数"), "B"),
        prom(rate("tocsin_rejected_documents_total"), t("refused", "被拒收"), "C"),
        prom(rate("tocsin_retried_documents_total"), t("came again", "重新送入"), "D"),
        unit="reqps",
        low=0,
    )


def lag(t: Tongue) -> Any:
    """Lag by topic."""
    return panels.lines(
        t("Lag by topic", "各主题积压"),
        t(
            "Records of each Kafka topic that are not committed yet, and documents whose minute is open.",
            "各 Kafka 主题尚未提交的记录数，以及所属分钟尚未结算的文档数。",
        ),
        prom(f"sum by (topic) (tocsin_consumer_lag_messages {IN_RUN})", "{{topic}}"),
        prom(f"sum(tocsin_open_documents {IN_RUN})", t("in open minutes", "未结算分钟内"), "B"),
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
