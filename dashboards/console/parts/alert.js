import Chart from "./chart.js";
import Name from "./name.js";
import Rule from "./rule.js";
import Stories from "./stories.js";
import { count, fixed, percent, signed, stamp } from "./format.js";

// One alert: what was expected and seen, what it is made of, the stories that moved it, and its journal.
export default {
  components: { Chart, Name, Rule, Stories },
  inject: ["t", "act", "href"],
  props: { view: Object },
  computed: {
    scale() {
      const top = Math.max(this.view.observed, this.view.high, 1) * 1.08;
      return (x) => (100 * x) / top + "%";
    },
    widest() {
      return Math.max(1e-9, ...this.view.parts.map((part) => Math.abs(part.stories)));
    },
  },
  methods: { count, fixed, percent, signed, stamp },
  template: `
    <section class="t-section" aria-labelledby="alert-title">
      <p class="t-crumbs"><a :href="href('/alerts')">{{ t("alerts") }}</a> <span aria-hidden="true">›</span> <a :href="href('/topics/' + view.key, { at: view.ended })"><Name :of="view" /></a> <span aria-hidden="true">›</span></p>
      <div class="t-headline"><h1 id="alert-title">{{ view.title }}</h1>
        <span class="t-badge" :class="view.state === 'firing' ? 't-' + view.severity : 't-over'">{{ t(view.severity) }} {{ fixed(view.surprise) }}</span>
        <span class="t-tag">{{ t(view.state) }}</span><span v-if="view.provisional" class="t-tag" :title="t('provisional_why')">{{ t("provisional") }}</span>
        <p class="t-lead">{{ view.says }}</p></div>
      <Rule :alert="view" />
      <p v-if="view.acknowledged" class="t-hint">{{ view.acknowledged }}</p>
      <p v-if="view.muted" class="t-hint">{{ view.muted }}</p>
      <div class="t-two">
        <div class="t-card">
          <h2>{{ t("seen_expected") }}</h2>
          <div class="t-gauge" role="img" :aria-label="view.gauge">
            <div class="t-track"><i v-if="view.high" class="t-normal" :style="{ left: scale(view.low), width: scale(view.high - view.low) }"></i><i class="t-mark" :style="{ left: scale(view.expected) }"></i><b :style="{ width: scale(view.observed) }"></b></div>
          </div>
          <dl class="t-facts"><template v-for="fact in view.facts" :key="fact[0]"><dt>{{ fact[0] }}</dt><dd>{{ fact[1] }}</dd></template></dl>
        </div>
        <div class="t-card">
          <h2>{{ t("made_of") }}</h2>
          <table class="t-parts"><caption class="t-sr">{{ t("made_of_caption") }}</caption>
            <tbody><tr v-for="part in view.parts" :key="part.name"><th scope="row">{{ t("part_" + part.name) }}</th><td class="t-num">{{ signed(part.stories, 1) }}</td>
              <td class="t-bar"><i :class="part.stories < 0 ? 't-pos' : 't-neg'" :style="{ width: (100 * Math.abs(part.stories)) / widest + '%' }"></i></td></tr></tbody>
          </table>
          <p class="t-hint">{{ view.cause }}</p>
          <p v-if="view.covers" class="t-hint">{{ view.covers }}</p>
        </div>
      </div>
      <div v-if="view.chart" class="t-card"><h2>{{ t("around") }}</h2><Chart :view="view.chart" /></div>
      <h2>{{ t("evidence") }}</h2>
      <Stories :stories="view.stories" :topics="view.topics" :told="view.told" contributions />
      <h2>{{ t("journal") }}</h2>
      <ol class="t-journal"><li v-for="(entry, at) in view.journal" :key="at"><time :datetime="entry.at">{{ stamp(entry.at, true) }}</time> <strong>{{ entry.what }}</strong> <bdi>{{ entry.why }}</bdi> <span class="t-meta">{{ entry.by }}</span></li></ol>
      <p v-if="!view.journal.length" class="t-none">{{ t("no_journal") }}</p>
    </section>`,
};
