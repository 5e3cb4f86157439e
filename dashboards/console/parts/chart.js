import { markRaw } from "vue";
import { colour, signed } from "./format.js";

// Sentiment with its band above, bad stories seen against expected below; one zoom for both.
// A point: [ms of the step's middle, mean, low, high, documents, seen, expected, expected low, expected high].
const column = (points, at) => points.map((p) => [p[0], p[at]]);
const gap = (points, low, high) => points.map((p) => [p[0], p[high] === null ? null : p[high] - p[low]]);

function band(points, low, high, axis, tint, name) {
  const line = { type: "line", showSymbol: false, silent: true, z: 1, lineStyle: { opacity: 0 }, stack: "band" + axis, xAxisIndex: axis, yAxisIndex: axis, stackStrategy: "all", tooltip: { show: false } };
  return [
    { ...line, name: name + "-low", data: column(points, low) },
    { ...line, name: name + "-range", data: gap(points, low, high), areaStyle: { color: tint, opacity: 0.22 } },
  ];
}

const moment = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

export function options(view, t, dark) {
  const c = Object.fromEntries(["ink", "soft", "line", "neg", "pos", "accent", "watch", "warning", "critical"].map((n) => [n, colour(n)]));
  const { points } = view;
  const axis = { axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.soft }, splitLine: { lineStyle: { color: c.line, opacity: 0.5 } } };
  const areas = view.alerts.map((a) => [
    { xAxis: a.from, itemStyle: { color: c[a.severity], opacity: dark ? 0.24 : 0.16 }, name: a.label },
    { xAxis: a.to },
  ]);
  // Both charts keep to the same span, however wide the bars of few documents are.
  const time = { type: "time", ...axis, containShape: false, min: view.from, max: view.to, splitLine: { show: false } };
  const expects = points.some((p) => p[6] !== null);
  return {
    animation: false,
    aria: { enabled: true, label: { description: view.says } },
    textStyle: { fontFamily: "inherit" },
    grid: [{ left: 52, right: 16, top: 30, height: "46%" }, { left: 52, right: 16, top: "64%", bottom: 64 }],
    xAxis: [{ ...time, gridIndex: 0, axisLabel: { show: false } }, { ...time, gridIndex: 1 }],
    yAxis: [
      { type: "value", gridIndex: 0, min: -1, max: 1, name: t("mean_tone"), nameTextStyle: { color: c.soft, align: "left", padding: [0, 0, 0, -44] }, ...axis },
      { type: "value", gridIndex: 1, min: 0, minInterval: 1, name: t("bad_stories"), nameTextStyle: { color: c.soft, align: "left", padding: [0, 0, 0, -44] }, ...axis },
    ],
    axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: c.soft } },
    tooltip: {
      trigger: "axis", renderMode: "richText", backgroundColor: colour("panel"), borderColor: c.line, textStyle: { color: c.ink, fontSize: 12 },
      formatter: (found) => {
        const p = points[found[0]?.dataIndex];
        if (!p) return "";
        const rows = [moment(p[0] - view.step / 2) + " – " + moment(p[0] + view.step / 2).slice(11) + " UTC", `${t("mean_tone")}: ${signed(p[1])}` + (p[2] === null ? "" : ` (${signed(p[2])} … ${signed(p[3])})`), `${t("documents")}: ${p[4]}`, `${t("bad_stories")}: ${p[5]}`];
        if (p[6] !== null) rows.push(`${t("expected")}: ${p[6].toFixed(1)} (${p[7].toFixed(1)} … ${p[8].toFixed(1)})`);
        return rows.join("\n");
      },
    },
    dataZoom: [
      { type: "inside", xAxisIndex: [0, 1], zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, filterMode: "none" },
      { type: "slider", xAxisIndex: [0, 1], bottom: 12, height: 26, borderColor: c.line, textStyle: { color: c.soft }, fillerColor: "transparent", dataBackground: { lineStyle: { color: c.soft }, areaStyle: { color: c.soft, opacity: 0.15 } }, filterMode: "none" },
    ],
    series: [
      ...band(points, 2, 3, 0, c.accent, "tone"),
      { name: t("mean_tone"), type: "line", xAxisIndex: 0, yAxisIndex: 0, showSymbol: points.length < 60, symbolSize: 4, connectNulls: false, lineStyle: { color: c.accent, width: 2 }, itemStyle: { color: c.accent }, data: column(points, 1),
        markArea: { silent: true, label: { show: false }, data: areas }, markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: c.line, type: "solid" }, data: [{ yAxis: 0 }] } },
      { name: t("bad_stories"), type: "bar", z: 3, xAxisIndex: 1, yAxisIndex: 1, barMaxWidth: 14, barMinWidth: 1, itemStyle: { color: c.neg }, data: column(points, 5), markArea: { silent: true, label: { show: false }, data: areas } },
      ...(expects ? [...band(points, 7, 8, 1, c.soft, "normal"), { name: t("expected"), type: "line", z: 4, step: "middle", xAxisIndex: 1, yAxisIndex: 1, showSymbol: false, lineStyle: { color: c.ink, width: 1.5, type: "dashed" }, data: column(points, 6) }] : []),
    ],
  };
}

export default {
  inject: ["t"],
  emits: ["zoom"],
  props: { view: Object },
  watch: { view: "draw" },
  async mounted() {
    const { echarts } = await import("nicegui-echart");
    if (!this.$refs.canvas) return;
    this.chart = markRaw(echarts.init(this.$refs.canvas, null, { renderer: "svg" }));
    this.sized = new ResizeObserver(() => this.chart.resize());
    this.sized.observe(this.$refs.canvas);
    this.repaint = () => this.draw();
    window.addEventListener("tocsin-theme", this.repaint);
    this.dusk = matchMedia("(prefers-color-scheme: dark)");
    this.dusk.addEventListener("change", this.repaint);
    this.chart.on("datazoom", () => {
      clearTimeout(this.later);
      this.later = setTimeout(() => {
        const { startValue, endValue } = this.chart.getOption().dataZoom[0];
        this.$emit("zoom", { since: Math.round(startValue), until: Math.round(endValue) });
      }, 400);
    });
    this.draw();
  },
  beforeUnmount() {
    clearTimeout(this.later);
    this.sized?.disconnect();
    window.removeEventListener("tocsin-theme", this.repaint);
    this.dusk?.removeEventListener("change", this.repaint);
    this.chart?.dispose();
  },
  methods: {
    draw() {
      const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark") && document.documentElement.dataset.theme !== "light";
      this.chart?.setOption(options(this.view, this.t, dark), { notMerge: true });
    },
  },
  template: `<div ref="canvas" class="t-chart" role="img" :aria-label="view.says"></div>`,
};
