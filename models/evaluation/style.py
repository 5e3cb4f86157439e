"""How a report looks: in light and dark, on a desk and on a phone, without anything fetched."""

STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1f24; --ground: #ffffff; --soft: #5b6570; --line: #d5dade; --tint: #f3f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --ground: #14171a; --soft: #a3adb8; --line: #363d45; --tint: #1d2227; }
}
body { margin: 0 auto; padding: 1rem; max-width: 68rem; color: var(--ink); background: var(--ground);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
h3 { font-size: 1rem; margin-bottom: .4rem; }
p, li { max-width: 45rem; }
.soft, figcaption { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .7rem .25rem 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 5rem; }
th { color: var(--soft); font-weight: 600; }
td small { color: var(--soft); }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
figure { margin: 1rem 0; max-width: 100%; min-width: 0; }
svg { display: block; max-width: 100%; height: auto; }
.pictures figcaption { max-width: 23rem; }
.wide svg { max-width: none; }
.verdict { font-size: 1.15rem; background: var(--tint); border-left: .3rem solid #0072b2;
  padding: .7rem 1rem; }
.texts th, .texts td { text-align: left; vertical-align: top; min-width: 0; }
.texts td:last-child { white-space: normal; overflow-wrap: anywhere; min-width: 15rem; }
"""
