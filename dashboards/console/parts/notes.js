// Pages that stand in for another: the store is away, or there is no such thing.
export const Away = {
  inject: ["t"],
  props: { view: Object },
  template: `<section class="t-section"><h1>{{ t("title_Away") }}</h1><p class="t-lead">{{ t("away_text") }}</p><p class="t-hint">{{ view.says }}</p></section>`,
};
export const Trouble = {
  inject: ["t"],
  props: { view: Object },
  template: `<section class="t-section"><h1>{{ t("title_Trouble") }}</h1><p class="t-lead">{{ view.says }}</p></section>`,
};
export const Lost = {
  inject: ["t", "href"],
  props: { view: Object },
  template: `<section class="t-section"><h1>{{ t("title_Lost") }}</h1><p class="t-lead">{{ view.says }}</p><p><a :href="href('/')">{{ t("board") }}</a> · <a :href="href('/alerts')">{{ t("alerts") }}</a></p></section>`,
};
