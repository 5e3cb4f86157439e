import { keep, stamp } from "./format.js";

// What stands around every page: where one is, which run, how fresh, in which language and light.
export default {
  inject: ["t", "act", "lang", "href"],
  props: { frame: Object, page: String },
  data() {
    return { theme: document.documentElement.dataset.theme || "", by: this.frame.by };
  },
  computed: {
    places() {
      return [
        { path: "/", page: "Board", icon: "▦", text: this.t("board"), key: "b" },
        { path: "/alerts", page: "Inbox", icon: "◉", text: this.t("alerts"), key: "a", count: this.frame.firing },
        { path: "/replay", page: "Desk", icon: "▷", text: this.t("desk"), key: "r" },
        { path: "/health", page: "Health", icon: "♡", text: this.t("health"), key: "h" },
      ];
    },
    here() {
      return { Topic: "Board", Alert: "Inbox" }[this.page] ?? this.page;
    },
    dark() {
      return this.theme ? this.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    },
  },
  methods: {
    stamp,
    turn() {
      this.theme = this.dark ? "light" : "dark";
      document.documentElement.dataset.theme = this.theme;
      keep("tocsin_theme", this.theme);
      window.dispatchEvent(new Event("tocsin-theme"));
    },
    speak() {
      keep("tocsin_lang", this.lang === "zh" ? "en" : "zh");
      location.reload();
    },
    run(event) {
      const query = new URLSearchParams(location.search);
      query.set("run", event.target.value);
      query.delete("at");
      const path = /^\/(topics|alerts)\//.test(location.pathname) ? "/" + (this.here === "Inbox" ? "alerts" : "") : location.pathname;
      location.assign(`${path}?${query}`);
    },
    named() {
      keep("tocsin_by", this.by);
      this.act("name", { by: this.by });
    },
  },
  template: `
    <a class="t-skip" href="#content">{{ t("skip") }}</a>
    <header class="t-top">
      <a class="t-brand" :href="href('/')"><span class="t-bell" aria-hidden="true"></span>Tocsin</a>
      <label class="t-run"><span>{{ t("run") }}</span>
        <select :value="frame.run" @change="run">
          <option v-for="run in frame.runs" :key="run" :value="run">{{ run }}</option>
        </select>
      </label>
      <p class="t-asof" :class="{ 't-bad': !frame.ok }">
        <span class="t-dot" :class="frame.ok ? (frame.live ? 't-live' : 't-still') : 't-away'" aria-hidden="true"></span>
        <span v-if="!frame.ok">{{ t("store_away_short") }}</span>
        <span v-else-if="frame.at">{{ t("until") }} <time :datetime="frame.at">{{ stamp(frame.at) }}</time> UTC</span>
        <span v-else>{{ t("no_minute") }}</span>
      </p>
      <div class="t-prefs">
        <label class="t-by"><span>{{ t("you") }}</span>
          <input v-model="by" maxlength="64" autocomplete="off" @change="named" />
        </label>
        <button type="button" class="t-quiet" @click="speak" :lang="lang === 'zh' ? 'en' : 'zh-CN'" :aria-label="t('other_language_label')">{{ t("other_language") }}</button>
        <button type="button" class="t-quiet" @click="turn" :aria-pressed="String(dark)" :aria-label="t('dark')" :title="t('dark')">
          <span aria-hidden="true">{{ dark ? "☾" : "☀" }}</span>
        </button>
        <button type="button" class="t-quiet" @click="$refs.keys.showModal()" :aria-label="t('shortcuts')" :title="t('shortcuts')"><span aria-hidden="true">?</span></button>
        <a v-if="frame.login" class="t-quiet" href="/logout">{{ t("logout") }}</a>
      </div>
    </header>
    <nav class="t-nav" :aria-label="t('pages')">
      <a v-for="place in places" :key="place.path" :href="href(place.path)" :data-page="place.path"
         :aria-current="place.page === here ? 'page' : null">
        <span class="t-icon" aria-hidden="true">{{ place.icon }}</span><span>{{ place.text }}</span>
        <span v-if="place.count" class="t-count"><span aria-hidden="true">{{ place.count }}</span><span class="t-sr">{{ t("firing_n", { n: place.count }) }}</span></span>
      </a>
    </nav>
    <div v-if="!frame.ok" class="t-away-note" role="alert"><strong>{{ t("store_away") }}</strong> {{ frame.problem }}</div>
    <dialog ref="keys" data-shortcuts class="t-dialog" :aria-label="t('shortcuts')">
      <h2>{{ t("shortcuts") }}</h2>
      <dl class="t-keys">
        <template v-for="place in places" :key="place.key"><dt><kbd>g</kbd> <kbd>{{ place.key }}</kbd></dt><dd>{{ place.text }}</dd></template>
        <dt><kbd>/</kbd></dt><dd>{{ t("key_search") }}</dd>
        <dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>{{ t("key_rows") }}</dd>
        <dt><kbd>w</kbd></dt><dd>{{ t("key_lists") }}</dd>
        <dt><kbd>a</kbd></dt><dd>{{ t("key_ack") }}</dd>
        <dt><kbd>u</kbd> <kbd>n</kbd></dt><dd>{{ t("key_verdict") }}</dd>
        <dt><kbd>p</kbd> <kbd>x</kbd></dt><dd>{{ t("key_desk") }}</dd>
      </dl>
      <form method="dialog"><button class="t-main">{{ t("close") }}</button></form>
    </dialog>`,
};
