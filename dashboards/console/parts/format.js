// Numbers and moments for people. Every moment is UTC, and says so where it stands alone.
export const stamp = (iso, seconds = false) => (iso ? iso.slice(0, 10) + " " + iso.slice(11, seconds ? 19 : 16) : "–");
export const clock = (iso) => (iso ? iso.slice(5, 10) + " " + iso.slice(11, 16) : "–");
export const signed = (x, digits = 2) =>
  x === null || x === undefined ? "–" : (x > 0 ? "+" : x < 0 ? "−" : "±") + Math.abs(x).toFixed(digits);
export const percent = (x) => (x === null || x === undefined ? "–" : Math.round(100 * x) + " %");
export const count = (n) => (n === null || n === undefined ? "–" : n.toLocaleString("en-US"));
export const fixed = (x, digits = 1) => (x === null || x === undefined ? "–" : x.toFixed(digits));

// A CSS variable's colour as the page shows it now, for canvases, which know no variables.
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const year = 365 * 24 * 3600;
export function keep(name, value) {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${year}; samesite=strict`;
}
