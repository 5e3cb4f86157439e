// Bars of a day, an hour each: what was bad in front of all that was said. One path a colour: a board has
// hundreds of these, and a shape a bar would make it slow.
const path = (values, top) =>
  values.map((value, at) => (value ? `M${at * 5} 24v${(-22 * value) / top}h4v${(22 * value) / top}z` : "")).join("");

export default {
  props: { values: Array, behind: Array, label: String },
  computed: {
    top() {
      return Math.max(1, ...this.values, ...(this.behind ?? []));
    },
    front() {
      return path(this.values, this.top);
    },
    back() {
      return path(this.behind ?? [], this.top);
    },
    width() {
      return this.values.length * 5;
    },
  },
  template: `
    <svg class="t-spark" :viewBox="'0 0 ' + width + ' 24'" preserveAspectRatio="none" role="img" :aria-label="label">
      <path class="t-all" :d="back" /><path class="t-neg" :d="front" />
      <path class="t-ground" :d="'M0 23.9H' + width" />
    </svg>`,
};
