import { count, fixed, percent, signed, stamp } from "./format.js";
import Name from "./name.js";
import Spark from "./spark.js";

const BY = {
  surprise: (row) => -(row.alert ? 1000 + row.alert.surprise : row.surprise ?? -1),
  label: (row) => row.label,
  mean: (row) => row.mean ?? 9,
  change: (row) => row.change ?? 9,
  share: (row) => -(row.share ?? -1),
  stories: (row) => -row.documents,
};

// The board: what is souring, in one look. Which part of it is shown stands in the address, so that it can be
// bookmarked and found again on the way back.
export default {
  components: { Name, Spark },
  inject: ["t", "href"],
  props: { view: Object },
  data: () => ({ by: "surprise", find: "", chosen: new URLSearchParams(location.search).get("show") }),
  computed: {
    show() {
      return this.view.shows.some((each) => each.name === this.chosen) ? this.chosen : "all";
    },
    kept() {
      return this.show === "all" ? {} : { show: this.show };
    },
    columns() {
      return ["label", "mean", "change", "share", "stories"];
    },
    rows() {
      const wanted = this.find.trim().toLowerCase();
      const ours = (row) => this.show === "all" || row.watchlist === (this.show === "watchlists");
      const rows = this.view.rows.filter((row) => ours(row)).filter((row) => !wanted || row.label.toLowerCase().includes(wanted) || row.key.includes(wanted));
      if (this.by === "surprise") return rows; // the server's order
      const key = BY[this.by];
      return rows.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
    },
  },
  methods: {
    count, fixed, percent, signed, stamp,
    sorted(name) {
      return this.by === name ? (name === "label" || name === "mean" || name === "change" ? "ascending" : "descending") : null;
    },
    at(event) {
      const query = event.target.value ? { at: event.target.value + ":00Z" } : {};
      location.assign(this.href("/", { ...query, ...this.kept }));
    },
    choose(name) {
      this.chosen = name;
      const query = new URLSearchParams(location.search);
      query.delete("show");
      if (name !== "all") query.set("show", name);
      history.replaceState(history.state, "", query.size ? `?${query}` : location.pathname);
    },
    // One key for the list that is wanted most often, and back.
    shortcut(name) {
      return name === (this.show === "watchlists" ? "all" : "watchlists") ? "w" : null;
    },
    needle(row) {
      return { left: 50 + 50 * Math.min(0, row.mean ?? 0) + "%", width: 50 * Math.abs(row.mean ?? 0) + "%" };
    },
  },
  template: `
    <section class="t-section" aria-labelledby="board-title">
      <div class="t-headline">
        <h1 id="board-title">{{ t("board") }}</h1>
        <p v-if="view.rows.length" class="t-lead">{{ view.lead }}</p>
        <div class="t-tools">
          <div v-if="view.shows.length" class="t-choice" role="group" :aria-label="t('show')">
            <button v-for="each in view.shows" :key="each.name" type="button" class="t-button" :data-key="shortcut(each.name)" :aria-pressed="String(each.name === show)" @click="choose(each.name)"><span v-if="each.name === 'watchlists'" class="t-star" aria-hidden="true">★</span>{{ each.label }} <small>{{ each.count }}</small></button>
          </div>
          <label><span>{{ t("find_topic") }}</span><input type="search" data-search v-model="find" :placeholder="t('find_hint')" /></label>
          <label><span>{{ t("as_of") }}</span><input type="datetime-local" :value="view.as_of" @change="at" /></label>
          <a v-if="view.as_of" class="t-button" :href="href('/', kept)">{{ t("to_now") }}</a>
        </div>
      </div>
      <div v-if="view.empty" class="t-empty">
        <h2>{{ t("empty_title") }}</h2><p>{{ t("empty_text") }}</p>
        <dl><template v-for="hint in view.empty" :key="hint.command"><dt><code>{{ hint.command }}</code></dt><dd>{{ hint.text }}</dd></template></dl>
      </div>
      <table v-else class="t-board" role="table">
        <caption class="t-sr">{{ t("board_caption") }}</caption>
        <thead role="rowgroup"><tr role="row">
          <th role="columnheader" scope="col" :aria-sort="sorted('label')"><button type="button" @click="by = 'label'">{{ t("topic") }}</button></th>
          <th role="columnheader" scope="col" class="t-num" :aria-sort="sorted('mean')"><button type="button" @click="by = 'mean'">{{ t("tone_1h") }}</button></th>
          <th role="columnheader" scope="col" class="t-num" :aria-sort="sorted('change')"><button type="button" @click="by = 'change'">{{ t("change") }}</button></th>
          <th role="columnheader" scope="col" class="t-num" :aria-sort="sorted('share')"><button type="button" @click="by = 'share'">{{ t("bad_share") }}</button></th>
          <th role="columnheader" scope="col" class="t-num" :aria-sort="sorted('stories')"><button type="button" @click="by = 'stories'">{{ t("volume") }}</button></th>
          <th role="columnheader" scope="col">{{ t("bad_24h") }}</th>
          <th role="columnheader" scope="col" :aria-sort="sorted('surprise')"><button type="button" @click="by = 'surprise'">{{ t("surprise") }}</button></th>
        </tr></thead>
        <tbody role="rowgroup">
          <tr v-for="row in rows" :key="row.key" role="row" data-row :class="row.alert ? 't-firing t-' + row.alert.severity : ''">
            <th role="rowheader" scope="row"><a :href="href('/topics/' + row.key, view.as_of ? { at: view.at } : {})"><Name :of="row" /></a>
              <span v-if="row.muted" class="t-tag" :title="row.muted">{{ t("muted") }}</span></th>
            <td role="cell" class="t-num t-tone" :data-label="t('tone_1h')"><span>{{ row.documents ? signed(row.mean) : "–" }}</span><i aria-hidden="true" class="t-needle"><b :class="row.mean < 0 ? 't-neg' : 't-pos'" :style="needle(row)"></b></i></td>
            <td role="cell" class="t-num" :data-label="t('change')"><span :class="row.change < -0.15 ? 't-worse' : row.change > 0.15 ? 't-better' : ''">{{ row.change === null ? "–" : (row.change < 0 ? "↓ " : row.change > 0 ? "↑ " : "") + signed(row.change) }}</span></td>
            <td role="cell" class="t-num" :data-label="t('bad_share')">{{ row.documents ? percent(row.share) : "–" }}</td>
            <td role="cell" class="t-num" :data-label="t('volume')">{{ count(row.documents) }} <small>/ {{ count(row.day) }}</small></td>
            <td role="cell" class="t-day" :data-label="t('bad_24h')"><Spark :values="row.spark" :behind="row.all" :label="row.spark_label" /></td>
            <td role="cell" class="t-state" :data-label="t('surprise')">
              <a v-if="row.alert" class="t-badge" :class="'t-' + row.alert.severity" :href="href('/alerts/' + row.alert.id)">{{ t(row.alert.severity) }} {{ fixed(row.alert.surprise) }}</a>
              <a v-else-if="row.covered" class="t-badge" :class="'t-' + row.covered.severity + ' t-soft'" :href="href('/alerts/' + row.covered.id)" :title="t('covered_why')">{{ t("covered") }}</a>
              <span v-else-if="row.learning" class="t-tag" :title="t('learning_why')">{{ t("learning") }}</span>
              <span v-else class="t-calm" :title="t('surprise_hint')">{{ row.surprise === null ? t("calm") : "~ " + fixed(row.surprise) }}</span>
            </td>
          </tr>
        </tbody>
      </table>
      <p v-if="!view.empty && !rows.length" class="t-none">{{ show === "watchlists" && !find ? t("no_watchlist") : t("no_topic") }}</p>
      <p v-if="!view.empty" class="t-sr" role="status" aria-live="polite">{{ find || show !== "all" ? t("rows_n", { n: rows.length, all: view.rows.length }) : "" }}</p>
      <p v-if="view.quiet.length && show !== 'topics'" class="t-hint t-quiet-lists">{{ t("quiet_lists") }} <template v-for="each in view.quiet" :key="each.key"><a :href="href('/topics/' + each.key)"><Name :of="each" /></a>{{ " " }}</template></p>
    </section>`,
};
