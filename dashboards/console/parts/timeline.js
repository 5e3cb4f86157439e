import { clock } from "./format.js";

// The whole replay at a glance: bad stories as far as it was played, and when alerts rang, a lane a side.
export default {
  props: { course: Object },
  computed: {
    bars() {
      const width = 1000 / this.course.bars.length;
      return this.course.bars.map((share, at) => ({ x: at * width, y: 60 - 58 * share, h: 58 * share, w: Math.max(width - 0.8, 0.8) }));
    },
    height() {
      return 64 + 12 * this.course.lanes.length;
    },
  },
  methods: { clock },
  template: `
    <div class="t-timeline">
      <svg :viewBox="'0 0 1000 ' + height" preserveAspectRatio="none" :style="{ height: height + 'px' }" role="img" :aria-label="course.says">
        <rect v-for="(bar, at) in bars" :key="at" class="t-neg" :x="bar.x" :y="bar.y" :width="bar.w" :height="bar.h" />
        <line class="t-ground" x1="0" x2="1000" y1="60" y2="60" />
        <template v-for="(lane, at) in course.lanes" :key="at">
          <rect v-for="alert in lane" :key="alert.id" :class="'t-lane t-' + alert.severity" :x="1000 * alert.from" :y="65 + 12 * at" :width="Math.max(3, 1000 * (alert.to - alert.from))" height="8"><title>{{ alert.label }}</title></rect>
        </template>
        <line class="t-now" :x1="1000 * course.now" :x2="1000 * course.now" y1="0" :y2="height" />
      </svg>
      <p class="t-ends t-hint"><span>{{ clock(course.begin) }}</span><span>{{ clock(course.end) }}</span></p>
    </div>`,
};
