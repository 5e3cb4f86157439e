// What a topic or a watchlist is called; a watchlist has a star, which is read out as what it means.
export default {
  inject: ["t"],
  props: { of: Object },
  template: `<span v-if="of.watchlist" class="t-star" :title="t('watchlist')"><span aria-hidden="true">★ </span><span class="t-sr">{{ t("watchlist") }} </span></span>{{ of.label }}`,
};
