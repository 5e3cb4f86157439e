import { markRaw } from "vue";
import { Frame, pages } from "tocsin-console";
import { startKeys } from "tocsin-console/keys.js";

// One page of the console: what the server sent, and a channel back. Pushed parts replace what they name.
export default {
  components: { Frame, ...pages },
  props: { page: String, words: Object, lang: String, frame: Object, view: Object },
  data() {
    return { p: this.page, f: markRaw(this.frame), v: markRaw(this.view), said: "", problem: "" };
  },
  provide() {
    return {
      t: (name, values = {}) =>
        (this.words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole),
      act: (name, args = {}) => this.$emit("act", { name, ...args }),
      lang: this.lang,
      href: (path, query = {}) => {
        const all = new URLSearchParams({ run: this.f.run, ...query });
        return `${path}?${all}`;
      },
    };
  },
  watch: {
    f: "head",
  },
  mounted() {
    this.title = document.title;
    this.head();
    this.keys = startKeys();
    document.documentElement.dataset.ready = "yes";
  },
  beforeUnmount() {
    this.keys?.();
  },
  methods: {
    // A tab in the background says how much rings.
    head() {
      document.title = (this.f.firing ? `(${this.f.firing}) ` : "") + this.title;
    },
    take(part) {
      if (part.frame) this.f = markRaw(part.frame);
      if (part.view) this.v = markRaw(part.view);
      if (part.page) this.p = part.page;
      if (part.say) this.said = part.say;
      this.problem = part.problem ?? "";
    },
  },
  template: `
    <div class="t-page">
      <teleport to="#tocsin-frame"><Frame :frame="f" :page="p" /></teleport>
      <div id="content" tabindex="-1"><p v-if="problem" class="t-bad" role="alert">{{ problem }}</p><component :is="p" :key="p" :view="v" /></div>
      <p class="t-sr" role="status" aria-live="polite">{{ said }}</p>
    </div>`,
};
