"""The style sheet of the HTML report: light, printable, nothing fetched from anywhere.

Rule: colour only ever repeats what a word or a sign says.
"""

STYLE = """
:root {
  --ink: #1c2430; --soft: #5b6675; --faint: #8a94a3; --line: #dfe4ea; --ground: #f6f7f9;
  --paper: #fff; --good: #1a7f4b; --good-bg: #e6f4ec; --bad: #b3261e; --bad-bg: #fcebea;
  --open: #8a5a00; --open-bg: #fdf3dd; --mute-bg: #eef0f3;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 4px 0 12px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 44px 0 12px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 0 0 8px; }
a { color: inherit; }
code, pre, .id { font-family: var(--mono); font-size: 13px; }
.over { color: var(--soft); font-size: 13px; letter-spacing: .04em; text-transform: uppercase; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 28px; margin: 0; color: var(--soft); }
.facts div { display: flex; gap: 8px; }
.facts dt { color: var(--faint); white-space: nowrap; }
.facts dd { margin: 0; color: var(--ink); overflow-wrap: anywhere; min-width: 0; }
.banner { margin-top: 24px; padding: 20px 24px; background: var(--paper); border-radius: 10px;
  border: 1px solid var(--line); border-left: 6px solid var(--good); }
.banner.bad { border-left-color: var(--bad); }
.banner.open { border-left-color: var(--open); }
.banner strong { font-size: 20px; }
.tiles { display: flex; flex-wrap: wrap; gap: 8px 32px; margin-top: 14px; }
.tile b { font-size: 24px; font-variant-numeric: tabular-nums; margin-right: 6px; }
.tile { color: var(--soft); }
.bar { display: flex; height: 8px; border-radius: 4px; overflow: hidden; margin-top: 14px;
  background: var(--mute-bg); }
.bar i { display: block; }
.bar .pass { background: var(--good); } .bar .fail { background: var(--bad); }
.bar .open { background: #d9a13a; } .bar .mute { background: #c9cfd7; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 4px 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 7px 14px; vertical-align: top; border-top: 1px solid var(--line); }
thead tr:first-child th, tbody.flat tr:first-child td { border-top: 0; }
td.num { text-align: center; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.num { text-align: center; }
.side { border-left: 1px solid var(--line); }
.none { color: #c3cad3; } .some { color: var(--good); } .refused { color: var(--bad); }
.standing { color: var(--faint); font-size: 13px; }
.chip { display: inline-block; min-width: 112px; text-align: center; border-radius: 999px;
  padding: 1px 10px; font-size: 12px; font-weight: 600; white-space: nowrap; }
.chip.pass { color: var(--good); background: var(--good-bg); }
.chip.fail { color: var(--bad); background: var(--bad-bg); }
.chip.open { color: var(--open); background: var(--open-bg); }
.chip.mute { color: var(--soft); background: var(--mute-bg); }
.why { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.id { white-space: nowrap; }
ol.todo { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; margin: 0;
  padding: 14px 20px 14px 44px; }
ol.todo li { padding: 5px 0; } ol.todo li::marker { color: var(--faint); }
ol.todo .id { color: var(--bad); text-decoration: none; margin-right: 8px; }
article { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  margin: 0 0 18px; padding: 18px 22px; border-top: 3px solid var(--bad); }
article header { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: baseline; }
.fault { margin: 10px 0; padding: 8px 12px; background: var(--ground); border-radius: 6px;
  overflow-wrap: anywhere; }
.fault b { font-weight: 600; }
.hint { margin-top: 12px; } .hint b { color: var(--good); }
.source { color: var(--faint); font-size: 13px; }
details { margin: 6px 0 0; } summary { cursor: pointer; color: var(--soft); font-size: 13px; }
.message { margin: 12px 0 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.message > p { margin: 0; padding: 6px 12px; background: var(--ground); color: var(--soft);
  font-size: 13px; overflow-wrap: anywhere; }
.part { border-top: 1px solid var(--line); padding: 8px 0; }
.part h4 { margin: 0; padding: 0 12px 4px; font: 600 13px var(--mono); overflow-wrap: anywhere; }
.part pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.row { display: block; padding: 0 12px; }
.row.head { color: var(--soft); }
.row.marked { background: var(--bad-bg); box-shadow: inset 3px 0 0 var(--bad); }
.row em { font: 12px/1.4 system-ui, sans-serif; color: var(--bad); margin-left: 12px; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; border-top: 1px solid var(--line);
  padding-top: 16px; }
@media print {
  body { background: #fff; font-size: 11pt; } main { max-width: none; padding: 0; }
  .card, article, .banner, ol.todo { break-inside: auto; border-color: #bbb; }
  tr, .fault, article header { break-inside: avoid; } h2 { break-after: avoid; }
  details:not([open]) { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
