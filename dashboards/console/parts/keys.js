// Shortcuts: g then b/a/r/h goes to a page, / to the search, j and k through rows, ? shows this list.
const GO = { b: "/", a: "/alerts", r: "/replay", h: "/health" };

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

function step(by) {
  const rows = [...document.querySelectorAll("[data-row] a, a[data-row]")].filter((a) => a.offsetParent);
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

export function startKeys() {
  let going = 0;
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (Date.now() - going < 1500 && GO[key]) {
      event.preventDefault();
      document.querySelector(`nav a[data-page="${GO[key]}"]`)?.click();
    } else if (key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    } else if (key === "j" || key === "k") {
      step(key === "j" ? 1 : -1);
    } else if (key === "?") {
      document.querySelector("[data-shortcuts]")?.showModal?.();
    } else {
      document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`)?.click();
    }
    going = key === "g" ? Date.now() : 0;
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
