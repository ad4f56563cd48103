"""The look of the page; a module, so that it is installed with the package."""

CSS = """:root { --ink: #1f2933; --soft: #616e7c; --line: #d9dee4; --tint: #f5f7fa; --accent: #0b5394; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
header { border-bottom: 1px solid var(--line); background: var(--tint); padding: 28px max(24px, calc(50vw - 560px)) 0; }
main { padding: 8px max(24px, calc(50vw - 560px)) 64px; }
h1 { font-size: 26px; font-weight: 650; margin: 0 0 14px; letter-spacing: -0.01em; }
h2 { font-size: 18px; font-weight: 650; margin: 44px 0 12px; }
h3 { font-size: 15px; font-weight: 650; margin: 26px 0 8px; }
dl { display: flex; flex-wrap: wrap; gap: 6px 32px; margin: 0 0 18px; }
dt { color: var(--soft); font-size: 12px; }
dd { margin: 0; }
nav { display: flex; flex-wrap: wrap; gap: 4px 22px; font-size: 13.5px; padding-bottom: 12px; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { font-weight: 600; text-align: left; }
.results { font-size: 13.5px; border-top: 2px solid var(--ink); border-bottom: 2px solid var(--ink); }
.results td, .results thead th { text-align: center; padding: 3px 9px; white-space: nowrap; }
.results th:first-child { text-align: left; padding-left: 4px; padding-right: 18px; white-space: nowrap; }
.results tbody th { font-weight: 400; }
.results thead tr:last-child th { border-bottom: 1px solid var(--ink); font-weight: 500; }
.results .top { border-bottom: 1px solid var(--line); }
.results .group th { font-style: italic; color: var(--soft); border-top: 1px solid var(--line); padding-top: 6px; }
.results tbody tr:not(.group):hover { background: var(--tint); }
.results .best { font-weight: 700; }
.results .quoted, .results .empty { color: var(--soft); }
.results small { font-size: 11px; color: var(--soft); font-weight: 400; }
.notes { color: var(--soft); font-size: 12.5px; padding-left: 18px; margin: 10px 0 0; }
.plain { font-size: 13px; min-width: 50%; }
.plain th { border-bottom: 1px solid var(--ink); padding: 3px 14px 3px 0; white-space: nowrap; vertical-align: bottom; }
.plain td { border-bottom: 1px solid var(--line); padding: 3px 14px 3px 0; vertical-align: top; }
.plain .number { text-align: right; }
figure { margin: 18px 0 28px; }
figure img { max-width: 100%; height: auto; display: block; }
figcaption { color: var(--soft); font-size: 13px; max-width: 75ch; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--accent); font-size: 13.5px; }
code { font: 12.5px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
p { max-width: 75ch; }
"""
