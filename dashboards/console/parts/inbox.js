import { count, fixed, stamp } from "./format.js";
import Name from "./name.js";
import Rule from "./rule.js";

// The inbox: what rings, what rang, and what was said of it.
export default {
  components: { Name, Rule },
  inject: ["t", "act", "href"],
  props: { view: Object },
  methods: { count, fixed, stamp },
  template: `
    <section class="t-section" aria-labelledby="inbox-title">
      <div class="t-headline"><h1 id="inbox-title">{{ t("alerts") }}</h1><p class="t-lead">{{ view.lead }}</p></div>
      <div class="t-tools" role="group" :aria-label="t('show')">
        <button v-for="each in view.shows" :key="each.name" type="button" class="t-button" :aria-pressed="String(each.name === view.show)" @click="act('show', { show: each.name })">{{ each.label }} <small>{{ each.count }}</small></button>
      </div>
      <ul v-if="view.mutes.length" class="t-mutes" :aria-label="t('muted_topics')">
        <li v-for="each in view.mutes" :key="each.key"><span>{{ each.text }}</span> <button type="button" class="t-link" @click="act('unmute', { key: each.key })">{{ t("unmute") }}</button></li>
      </ul>
      <ol class="t-inbox">
        <li v-for="alert in view.alerts" :key="alert.id" class="t-card" data-row :class="alert.state === 'firing' ? 't-firing t-' + alert.severity : ''">
          <div class="t-alert-head">
            <span class="t-badge" :class="alert.state === 'firing' ? 't-' + alert.severity : 't-over'">{{ t(alert.severity) }} {{ fixed(alert.surprise) }}</span>
            <h2><a :href="href('/alerts/' + alert.id)"><Name :of="alert" /></a></h2>
            <span class="t-meta">{{ alert.when }}</span>
            <span v-if="alert.acknowledged" class="t-tag">{{ alert.acknowledged }}</span>
            <span v-if="alert.verdict" class="t-tag">{{ t(alert.verdict) }}</span>
            <span v-if="alert.muted" class="t-tag">{{ t("muted") }}</span>
          </div>
          <p class="t-says">{{ alert.says }}</p>
          <p v-if="alert.title" class="t-first"><bdi dir="auto">{{ alert.title }}</bdi> <span class="t-meta">· <bdi>{{ alert.source }}</bdi></span></p>
          <Rule :alert="alert" />
        </li>
      </ol>
      <p v-if="!view.alerts.length" class="t-none">{{ view.none }}</p>
      <p v-if="view.more"><button type="button" class="t-button" @click="act('more')">{{ t("more") }}</button></p>
    </section>`,
};
