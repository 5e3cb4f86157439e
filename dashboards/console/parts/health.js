import { count, percent, stamp } from "./format.js";

// Whether what the analyst sees can be trusted just now: the pipeline and the model.
export default {
  inject: ["t"],
  props: { view: Object },
  methods: { count, percent, stamp },
  template: `
    <section class="t-section" aria-labelledby="health-title">
      <div class="t-headline"><h1 id="health-title">{{ t("health") }}</h1><p class="t-lead">{{ view.lead }}</p></div>
      <div class="t-two">
        <div v-for="card in view.cards" :key="card.title" class="t-card">
          <h2>{{ card.title }}</h2>
          <dl class="t-facts"><template v-for="fact in card.facts" :key="fact.name"><dt>{{ fact.name }}</dt><dd :class="fact.bad ? 't-bad' : ''"><span v-if="fact.bad" aria-hidden="true">▲ </span><bdi>{{ fact.value }}</bdi></dd></template></dl>
          <p v-if="card.hint" class="t-hint">{{ card.hint }}</p>
        </div>
      </div>
      <div v-if="view.days.length" class="t-card">
        <h2>{{ t("shares_by_day") }}</h2>
        <div class="t-scroll" tabindex="0" role="region" :aria-label="t('shares_by_day')"><table class="t-plain"><thead><tr><th scope="col">{{ t("day") }}</th><th scope="col" class="t-num">{{ t("documents") }}</th><th scope="col" class="t-num">{{ t("tone_negative") }}</th><th scope="col" class="t-num">{{ t("tone_neutral") }}</th><th scope="col" class="t-num">{{ t("tone_positive") }}</th><th scope="col">{{ t("shares") }}</th></tr></thead>
          <tbody><tr v-for="day in view.days" :key="day.day"><th scope="row">{{ day.day }}</th><td class="t-num">{{ count(day.documents) }}</td><td class="t-num">{{ percent(day.negative) }}</td><td class="t-num">{{ percent(day.neutral) }}</td><td class="t-num">{{ percent(day.positive) }}</td>
            <td><span class="t-stack" aria-hidden="true"><i class="t-neg" :style="{ width: 100 * day.negative + '%' }"></i><i class="t-neu" :style="{ width: 100 * day.neutral + '%' }"></i><i class="t-pos" :style="{ width: 100 * day.positive + '%' }"></i></span></td></tr></tbody></table></div>
      </div>
    </section>`,
};
