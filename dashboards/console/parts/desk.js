import { count, fixed, percent, signed, stamp } from "./format.js";
import Name from "./name.js";
import Spark from "./spark.js";
import Timeline from "./timeline.js";

// The replay desk: the past, played through the detector as it is or as it might be set.
export default {
  components: { Name, Spark, Timeline },
  inject: ["t", "act"],
  props: { view: Object },
  data() {
    return { form: JSON.parse(JSON.stringify(this.view.form)) };
  },
  computed: {
    run() {
      return this.view.run;
    },
    busy() {
      return ["reading", "playing", "paused"].includes(this.run.state);
    },
    feed() {
      return this.view.feeds.find((each) => each.id === this.form.feed);
    },
  },
  methods: {
    count, fixed, percent, signed, stamp,
    picked() {
      this.form.from = this.feed?.first ?? "";
      this.form.to = this.feed?.last ?? "";
    },
    open() {
      this.act("open", { form: JSON.parse(JSON.stringify(this.form)) });
    },
  },
  template: `
    <section class="t-section" aria-labelledby="desk-title">
      <div class="t-headline"><h1 id="desk-title">{{ t("desk") }}</h1><p class="t-lead">{{ t("desk_lead") }}</p></div>
      <form class="t-card t-setup" @submit.prevent="open">
        <label class="t-wide"><span>{{ t("feed") }}</span><select v-model="form.feed" @change="picked"><option v-for="each in view.feeds" :key="each.id" :value="each.id">{{ each.label }}</option></select></label>
        <label><span>{{ t("from") }}</span><input type="date" v-model="form.from" /></label>
        <label><span>{{ t("to") }}</span><input type="date" v-model="form.to" /></label>
        <label class="t-check"><input type="checkbox" v-model="form.compare" /><span>{{ t("compare") }}</span></label>
        <fieldset v-for="side in form.compare ? ['a', 'b'] : ['a']" :key="side"><legend>{{ form.compare ? t("side_" + side) : t("settings") }}</legend>
          <label v-for="knob in view.knobs" :key="knob.name"><span :title="knob.help">{{ knob.label }}</span><input type="number" v-model.number="form[side][knob.name]" :min="knob.min" :max="knob.max" :step="knob.step" required /></label>
        </fieldset>
        <button class="t-main">{{ busy ? t("open_again") : t("open_feed") }}</button>
      </form>
      <p v-if="run.problem" class="t-bad" role="alert">{{ run.problem }}</p>
      <div v-if="run.state !== 'idle'" class="t-card t-player">
        <div class="t-tools" role="group" :aria-label="t('transport')">
          <button type="button" class="t-main" data-key="p" :disabled="!busy || run.state === 'reading'" @click="act(run.state === 'playing' ? 'pause' : 'play')"><span aria-hidden="true">{{ run.state === "playing" ? "❚❚" : "▶" }}</span> {{ run.state === "playing" ? t("pause") : t("play") }}</button>
          <button type="button" class="t-button" data-key="x" :disabled="!busy || run.state === 'reading'" @click="act('jump')"><span aria-hidden="true">»</span> {{ t("jump") }}</button>
          <label><span>{{ t("speed") }}</span><select :value="run.speed" @change="act('speed', { speed: $event.target.value })"><option v-for="each in view.speeds" :key="each.value" :value="each.value">{{ each.label }}</option></select></label>
          <span class="t-clock"><time v-if="run.at" :datetime="run.at">{{ stamp(run.at) }} UTC</time></span>
          <span class="t-tag">{{ t("desk_" + run.state) }}</span>
        </div>
        <Timeline v-if="run.course" :course="run.course" />
        <progress :value="run.share" max="1" :aria-label="t('progress')"></progress>
        <p class="t-hint">{{ run.says }}</p>
      </div>
      <div v-if="run.state !== 'idle'" :class="run.sides.length > 1 ? 't-two' : ''">
        <div v-for="side in run.sides" :key="side.name" class="t-card" :data-side="side.name">
          <h2>{{ side.title }}</h2>
          <p class="t-hint">{{ side.says }}</p>
          <table v-if="side.rows.length" class="t-plain t-mini"><thead><tr><th scope="col">{{ t("topic") }}</th><th scope="col" class="t-num">{{ t("tone_1h") }}</th><th scope="col" class="t-num">{{ t("bad_share") }}</th><th scope="col" class="t-wide-only">{{ t("bad_24h") }}</th><th scope="col">{{ t("surprise") }}</th></tr></thead>
            <tbody><tr v-for="row in side.rows" :key="row.key" :class="row.alert ? 't-firing t-' + row.alert.severity : ''"><th scope="row"><Name :of="row" /></th><td class="t-num">{{ row.documents ? signed(row.mean) : "–" }}</td><td class="t-num">{{ row.documents ? percent(row.share) : "–" }}</td><td class="t-day t-wide-only"><Spark :values="row.spark" :label="row.spark_label" /></td><td><span v-if="row.alert" class="t-badge" :class="'t-' + row.alert.severity">{{ t(row.alert.severity) }} {{ fixed(row.alert.surprise) }}</span><span v-else class="t-calm">{{ t("calm") }}</span></td></tr></tbody></table>
          <h3>{{ t("rang_n", { n: side.total }) }}</h3>
          <ol class="t-rang"><li v-for="alert in side.alerts" :key="alert.id" :class="alert.only ? 't-only' : ''"><span class="t-badge" :class="alert.state === 'firing' ? 't-' + alert.severity : 't-over'">{{ t(alert.severity) }} {{ fixed(alert.surprise) }}</span> <strong><Name :of="alert" /></strong> <span class="t-meta">{{ alert.when }}</span><span v-if="alert.only" class="t-tag">{{ t("only_here") }}</span><br /><span class="t-says">{{ alert.says }}</span><br v-if="alert.title" /><bdi v-if="alert.title" dir="auto">{{ alert.title }}</bdi></li></ol>
          <p v-if="!side.alerts.length" class="t-none">{{ t("none_rang") }}</p>
        </div>
      </div>
    </section>`,
};
