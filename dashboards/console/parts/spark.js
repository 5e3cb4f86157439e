// Bars of a day, an hour each: what was bad in front of all that was said.
export default {
  props: { values: Array, behind: Array, label: String },
  computed: {
    bars() {
      const top = Math.max(1, ...this.values, ...(this.behind ?? []));
      const bar = (value, at) => ({ x: at * 5, y: 24 - (22 * value) / top, h: (22 * value) / top });
      return { front: this.values.map(bar), back: (this.behind ?? []).map(bar), width: this.values.length * 5 };
    },
  },
  template: `
    <svg class="t-spark" :viewBox="'0 0 ' + bars.width + ' 24'" preserveAspectRatio="none" role="img" :aria-label="label">
      <rect v-for="(b, i) in bars.back" :key="'b' + i" class="t-all" :x="b.x" :y="b.y" width="4" :height="b.h" />
      <rect v-for="(b, i) in bars.front" :key="'f' + i" class="t-neg" :x="b.x" :y="b.y" width="4" :height="b.h" />
      <line class="t-ground" x1="0" :x2="bars.width" y1="23.9" y2="23.9" />
    </svg>`,
};
