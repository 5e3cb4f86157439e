"""Overview: which topic sours, since when, how loud."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import market, variables
from dashboards.grafana.assemble import Section, assemble
from dashboards.grafana.tongue import Tongue


def overview(t: Tongue) -> Dashboard:
    """The page to begin a morning with."""
    return assemble(
        t,
        "overview",
        t("Tocsin: Overview", "Tocsin：总览"),
        t(
            "Topics by sentiment, negative share, spikes now and volume, of a run in a time range.",
            "某次运行在所选时间内的话题情绪、负面占比、当前尖峰与文档量。",
        ),
        [
            Section(
                t("Now", "当前"),
                [
                    market.spikes_now(t),
                    market.mean_now(t),
                    market.negative_share_now(t),
                    market.volume(t),
                    market.closed_until(t),
                ],
            ),
            Section(t("Topics", "话题"), [market.heat_map(t), market.topic_board(t)]),
            Section(
                t("Over time", "走势"),
                [market.share_over_time(t), market.volume_over_time(t), market.alerts_in_range(t)],
            ),
        ],
        [variables.run(t), variables.topic(t), variables.window(t), variables.language(t)],
        annotations=[variables.alerts_as_annotations(t, of_topic=False)],
        refresh="30s",
    )
