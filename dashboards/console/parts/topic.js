import Chart from "./chart.js";
import Name from "./name.js";
import Stories from "./stories.js";
import { count, fixed, percent, signed, stamp } from "./format.js";

// One topic: its course against what is normal, and the stories behind it.
export default {
  components: { Chart, Name, Stories },
  inject: ["t", "act", "href"],
  props: { view: Object },
  data() {
    return { filter: { ...this.view.filter } };
  },
  methods: {
    count, fixed, percent, signed, stamp,
    zoom(range) {
      this.act("zoom", range);
    },
    apply() {
      this.act("filter", { ...this.filter });
    },
  },
  template: `
    <section class="t-section" aria-labelledby="topic-title">
      <p class="t-crumbs"><a :href="href('/', view.watchlist ? { show: 'watchlists' } : {})">{{ view.watchlist ? t("watchlists") : t("board") }}</a> <span aria-hidden="true">›</span></p>
      <div class="t-headline"><h1 id="topic-title"><Name :of="view" /></h1>
        <a v-if="view.alert" class="t-badge" :class="'t-' + view.alert.severity" :href="href('/alerts/' + view.alert.id)">{{ t(view.alert.severity) }} {{ fixed(view.alert.surprise) }}</a>
        <span v-else-if="view.learning" class="t-tag" :title="t('learning_why')">{{ t("learning") }}</span>
        <p class="t-lead">{{ view.lead }}</p></div>
      <p v-if="view.divided.length" class="t-hint t-parted">{{ t("by_topic") }} <template v-for="each in view.divided" :key="each.key"><a :href="href('/topics/' + each.key)">{{ each.label }}</a> {{ count(each.documents) }} </template></p>
      <p v-if="view.follows?.gone" class="t-hint">{{ t("follows_gone") }}</p>
      <details v-else-if="view.follows" class="t-follows"><summary>{{ t("follows") }}</summary>
        <dl class="t-keys"><template v-for="fact in view.follows.facts" :key="fact[0]"><dt>{{ fact[0] }}</dt><dd><bdi>{{ fact[1] }}</bdi></dd></template></dl>
        <p class="t-hint">{{ t("overlap_hint") }}</p></details>
      <div class="t-card">
        <div class="t-tools" role="group" :aria-label="t('span')">
          <button v-for="each in view.spans" :key="each.name" type="button" class="t-button" :aria-pressed="String(each.name === view.span)" @click="act('span', { span: each.name })">{{ each.label }}</button>
          <span class="t-hint">{{ stamp(view.since) }} – {{ stamp(view.until) }} UTC</span>
          <button v-if="view.span === ''" type="button" class="t-button" @click="act('span', { span: view.spans[0].name })">{{ t("zoom_out") }}</button>
        </div>
        <Chart :view="view.chart" @zoom="zoom" />
        <p class="t-hint">{{ t("chart_hint") }}</p>
        <details><summary>{{ t("as_table") }}</summary>
          <div class="t-scroll" tabindex="0" role="region" :aria-label="t('as_table')"><table class="t-plain"><thead><tr><th scope="col">UTC</th><th scope="col">{{ t("mean_tone") }}</th><th scope="col">{{ t("documents") }}</th><th scope="col">{{ t("bad_stories") }}</th><th scope="col">{{ t("expected") }}</th></tr></thead>
            <tbody><tr v-for="p in view.table" :key="p[0]"><th scope="row">{{ p[0] }}</th><td>{{ signed(p[1]) }}</td><td>{{ p[2] }}</td><td>{{ p[3] }}</td><td>{{ fixed(p[4]) }}</td></tr></tbody></table></div>
        </details>
      </div>
      <h2>{{ t("stories") }}</h2>
      <form class="t-tools" role="search" @submit.prevent="apply" @change="apply">
        <label><span>{{ t("search") }}</span><input type="search" data-search v-model="filter.search" maxlength="200" /></label>
        <label><span>{{ t("tone") }}</span><select v-model="filter.tone"><option value="">{{ t("any") }}</option><option v-for="each in ['negative', 'neutral', 'positive']" :key="each" :value="each">{{ t("tone_" + each) }}</option></select></label>
        <label><span>{{ t("source") }}</span><select v-model="filter.source"><option value="">{{ t("any") }}</option><option v-for="each in view.sources" :key="each" :value="each">{{ each }}</option></select></label>
        <label><span>{{ t("language") }}</span><select v-model="filter.lang"><option value="">{{ t("any") }}</option><option v-for="each in view.langs" :key="each" :value="each">{{ each }}</option></select></label>
      </form>
      <Stories :stories="view.stories" :topics="view.topics" :told="view.told" :more="view.more" />
    </section>`,
};
