// What a person does about an alert: has seen it, mutes its topic, says useful or noise.
export default {
  inject: ["t", "act"],
  props: { alert: Object },
  data: () => ({ note: "", hours: "4", muting: false }),
  methods: {
    verdict(what) {
      this.act("verdict", { id: this.alert.id, verdict: what, note: this.note });
    },
  },
  template: `
    <div class="t-rule" role="group" :aria-label="t('rule_on', { what: alert.label })">
      <button type="button" class="t-button" :data-key="alert.first ? 'a' : null" :disabled="Boolean(alert.acknowledged)" @click="act('acknowledge', { id: alert.id, note })">{{ alert.acknowledged ? t("seen") : t("acknowledge") }}</button>
      <button type="button" class="t-button" :data-key="alert.first ? 'u' : null" :aria-pressed="String(alert.verdict === 'useful')" @click="verdict('useful')">{{ t("useful") }}</button>
      <button type="button" class="t-button" :data-key="alert.first ? 'n' : null" :aria-pressed="String(alert.verdict === 'noise')" @click="verdict('noise')">{{ t("noise") }}</button>
      <button v-if="alert.muted" type="button" class="t-button" @click="act('unmute', { key: alert.key })">{{ t("unmute") }}</button>
      <template v-else>
        <button type="button" class="t-button" :aria-expanded="String(muting)" @click="muting = !muting">{{ t("mute") }}</button>
        <form v-if="muting" class="t-inline" @submit.prevent="act('mute', { key: alert.key, hours: Number(hours), note }); muting = false">
          <label><span class="t-sr">{{ t("mute_for") }}</span><select v-model="hours"><option v-for="each in ['1', '4', '12', '24', '168']" :key="each" :value="each">{{ t("hours_" + each) }}</option></select></label>
          <button class="t-main">{{ t("mute_topic", { what: alert.label }) }}</button>
        </form>
      </template>
    </div>`,
};
