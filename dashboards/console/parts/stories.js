import { clock, signed, stamp } from "./format.js";
import Name from "./name.js";

// Stories with their copies; each can be asked why it got its tone, and be corrected.
export default {
  components: { Name },
  inject: ["t", "act", "href"],
  props: { stories: Array, topics: Array, told: Object, more: Boolean, contributions: Boolean },
  data: () => ({ open: "", asking: "", tone: "", topic: "", note: "" }),
  methods: {
    clock, signed, stamp,
    why(story) {
      this.asking = this.told[story.id] ? "" : story.id;
      this.act("explain", { id: story.id });
    },
    relabel(story) {
      this.open = this.open === story.id ? "" : story.id;
      [this.tone, this.topic, this.note] = [story.tone, story.topic, ""];
    },
    send(story) {
      this.act("label", { id: story.id, tone: this.tone, topic: this.topic, note: this.note });
      this.open = "";
    },
    strength(word) {
      const share = Math.round(100 * Math.min(1, Math.abs(word.weight)) * 0.75);
      return { background: `color-mix(in srgb, var(--${word.weight > 0 ? "for" : "against"}) ${share}%, transparent)` };
    },
  },
  template: `
    <ol class="t-stories">
      <li v-for="story in stories" :key="story.id" class="t-story">
        <div class="t-story-head">
          <span class="t-badge" :class="'t-tone-' + story.tone">{{ t("tone_" + story.tone) }} {{ signed(story.score) }}</span>
          <bdi class="t-title" dir="auto">{{ story.title }}</bdi>
        </div>
        <p class="t-meta">
          <time :datetime="story.at" :title="stamp(story.at, true) + ' UTC'">{{ clock(story.at) }}</time>
          <bdi v-if="story.source">{{ story.source }}</bdi><bdi v-if="story.author">{{ story.author }}</bdi>
          <span v-if="story.topic_name">{{ story.topic_name }}</span>
          <a v-for="each in story.watchlists" :key="each.key" :href="href('/topics/' + each.key)"><Name :of="each" /></a>
          <span v-if="story.lang">{{ story.lang }}</span>
          <span v-if="story.copies > 1" class="t-copies">{{ t("copies", { n: story.copies }) }}</span>
          <span v-if="story.sources">{{ story.sources }}</span>
          <span v-if="contributions && story.contribution" class="t-copies">{{ t("contribution", { n: signed(story.contribution) }) }}</span>
          <button type="button" class="t-link" :aria-expanded="String(Boolean(told[story.id]))" @click="why(story)">{{ t("why") }}</button>
          <button type="button" class="t-link" :aria-expanded="String(open === story.id)" @click="relabel(story)">{{ t("relabel") }}</button>
        </p>
        <div v-if="told[story.id]" class="t-why">
          <p v-if="told[story.id].problem" class="t-bad">{{ told[story.id].problem }}</p>
          <template v-else>
            <p class="t-words" dir="auto"><template v-for="(word, at) in told[story.id].words" :key="at"><span :style="strength(word)" :class="word.weight < 0 ? 't-against' : ''" :title="signed(word.weight)">{{ word.text }}</span>{{ " " }}</template></p>
            <p class="t-hint">{{ told[story.id].says }}</p>
          </template>
        </div>
        <p v-else-if="asking === story.id" class="t-hint" aria-busy="true">{{ t("asking") }}</p>
        <form v-if="open === story.id" class="t-form" @submit.prevent="send(story)">
          <label><span>{{ t("right_tone") }}</span><select v-model="tone"><option v-for="each in ['negative', 'neutral', 'positive']" :key="each" :value="each">{{ t("tone_" + each) }}</option></select></label>
          <label><span>{{ t("right_topic") }}</span><select v-model="topic"><option v-for="each in topics" :key="each.key" :value="each.key">{{ each.label }}</option></select></label>
          <label class="t-wide"><span>{{ t("note") }}</span><input v-model="note" maxlength="500" /></label>
          <button class="t-main">{{ t("send_label") }}</button>
        </form>
      </li>
    </ol>
    <p v-if="!stories.length" class="t-none">{{ t("no_story") }}</p>
    <p v-if="more"><button type="button" class="t-button" @click="act('more')">{{ t("more") }}</button></p>`,
};
