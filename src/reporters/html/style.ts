import { STATUS_STYLE } from '../status-style.ts'

const statuses = Object.entries(STATUS_STYLE)
const lightColors = statuses.map(([name, style]) => `--${name}:${style.light}`).join(';')
const darkColors = statuses.map(([name, style]) => `--${name}:${style.dark}`).join(';')
const statusRules = statuses
  .map(([name]) => `.s-${name}{color:var(--${name})}.e-${name}{border-inline-start-color:var(--${name})}`)
  .join('\n')

/** The style sheet of the page. Colours of statuses come from the one table of styles. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--panel:#f6f8fa;--line:#d0d7de;--text:#1f2328;--dim:#57606a;--link:#0550ae;--bar:#3b82c4;--grid:#e3e7ec;
--p0:#1d4ed8;--p1:#0e7490;--p2:#7c3aed;--p3:#b45309;--p4:#be185d;--p5:#4d7c0f;${lightColors}}
@media (prefers-color-scheme:dark){:root{--bg:#0f1419;--panel:#171d24;--line:#303841;--text:#e6edf3;--dim:#9aa4b2;--link:#79b8ff;--bar:#4d9be0;--grid:#262d36;
--p0:#60a5fa;--p1:#22d3ee;--p2:#a78bfa;--p3:#fbbf24;--p4:#f472b6;--p5:#a3e635;${darkColors}}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header.top,footer{max-width:1120px;margin:0 auto;padding:0 20px}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,button:focus-visible,input:focus-visible,pre:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code,pre{font:13px/1.5 ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:10px 12px;margin:8px 0;overflow:auto;max-height:26em;white-space:pre-wrap;overflow-wrap:anywhere}
h1,h2,h3,h4,h5,p{margin:0}
h2{font-size:18px;margin:36px 0 12px}
h4{font-size:15px;margin:0 0 4px}
small,.dim,.none{color:var(--dim);font-weight:400}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--bg);padding:6px 10px}
header.top{padding-top:28px}
.verdict{border:1px solid var(--line);border-inline-start:6px solid var(--dim);border-radius:8px;padding:18px 22px;background:var(--panel)}
.verdict h1{font-size:26px;line-height:1.25;overflow-wrap:anywhere}
.meta{color:var(--dim);margin-top:6px;display:flex;flex-wrap:wrap;gap:2px 18px}
.tiles{display:flex;flex-wrap:wrap;gap:8px 22px;margin-top:12px;font-size:14px}
.badge{white-space:nowrap;font-weight:600}
.tally>span{white-space:nowrap;font-weight:600;margin-inline-end:6px}.tally .s-pass,.tally .s-skip,.tally .s-done{font-weight:400}
.scroll{overflow-x:auto;position:relative}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;vertical-align:top;padding:7px 10px;border-bottom:1px solid var(--line)}
thead th{font-size:13px;color:var(--dim);font-weight:600}
.num{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
.matrix th[scope=row]{font-weight:500;white-space:nowrap}
.matrix td{white-space:nowrap}.matrix td.reason{white-space:normal;color:var(--dim)}
.cell{border:1px solid var(--line);border-radius:8px;margin:14px 0}
.cell>details>summary{padding:12px 16px;cursor:pointer;display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline}
.cell>details>summary::before{content:"▸";color:var(--dim);width:.8em}
.cell>details[open]>summary::before{content:"▾"}
.cell>details>summary::-webkit-details-marker{display:none}
.cell h3{font-size:16px;overflow-wrap:anywhere;min-width:0}
.cell .sum{color:var(--dim);margin-inline-start:auto;overflow-wrap:anywhere}
.body{padding:4px 18px 16px}
.problem{border:1px solid var(--line);border-inline-start:4px solid var(--dim);border-radius:6px;padding:12px 16px;margin:10px 0;overflow-wrap:anywhere}
.problem summary{cursor:pointer}.problem summary h4{display:inline}.expected{display:block;padding-inline-start:1.15em}.problem details[open]>summary{margin-bottom:4px}
.problem dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:8px 0 0;font-size:14px}
dt{color:var(--dim)}dd{margin:0;min-width:0}
.at{font-size:13px;color:var(--dim)}
.diff{border:1px solid var(--line);border-radius:6px;padding:12px 16px;margin:14px 0;background:var(--panel)}
.diff p{color:var(--dim);font-size:14px}
.cols{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(260px,100%),1fr));gap:8px 24px;margin-top:8px}
h5{font-size:14px}.diff ul{margin:4px 0 0;padding-inline-start:18px;font-size:14px}.diff li{overflow-wrap:anywhere}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(460px,100%),1fr));gap:24px;margin:18px 0 10px}.pictures>*{min-width:0}
.gantt caption{text-align:start;font-weight:600;margin-bottom:6px}
.gantt th,.gantt td{border:0;padding:1px 8px 1px 0;font-size:13px;font-weight:400;vertical-align:middle}
.gantt th{white-space:nowrap;width:1%}.gantt td:nth-child(2){width:99%}
.gantt svg,.boot svg{display:block;width:100%;height:14px}
.gantt .o-skipped{color:var(--dim)}
.axis{display:flex;justify-content:space-between;color:var(--dim);font-size:12px}
.grid{stroke:var(--grid);stroke-width:2;fill:none}
.bar{fill:var(--bar)}.b-fail{fill:var(--fail)}.b-miss{fill:var(--miss)}
.boot svg{height:16px;border-radius:3px}
.bootrow{margin:6px 0 12px}.bootlabel{font-size:13px;margin-bottom:3px}
.legend{display:flex;flex-wrap:wrap;gap:0 14px;font-size:12px;color:var(--dim);margin-top:3px}
.legend i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-inline-end:5px}
${[0, 1, 2, 3, 4, 5].map((n) => `rect.p${n}{fill:var(--p${n})}i.p${n}{background:var(--p${n})}`).join('')}
.facts{display:flex;flex-wrap:wrap;gap:2px 18px;color:var(--dim);font-size:14px}.facts b{color:var(--text);font-weight:500;overflow-wrap:anywhere}
.warn{color:var(--miss);margin-top:6px;overflow-wrap:anywhere}
.logs{margin-top:14px}.logs ul{list-style:none;margin:4px 0;padding:0;columns:2 320px;column-gap:28px;font-size:14px}
.logs li{break-inside:avoid;padding:2px 0;overflow-wrap:anywhere}
.excerpt summary{font-size:13px;color:var(--dim);cursor:pointer}
.all{margin-top:12px}.all>summary{cursor:pointer;font-weight:600}
.checks td{font-size:14px}.checks .title{color:var(--dim)}
.note{display:block;font-size:13px;color:var(--dim);overflow-wrap:anywhere}
.baseline{opacity:.75}
.again{margin-top:12px;font-size:14px;color:var(--dim)}
.filter{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:10px 0}
.filter[hidden]{display:none}
.filter input{font:inherit;padding:5px 10px;border:1px solid var(--line);border-radius:6px;background:var(--bg);color:var(--text);min-width:0;width:16em}
.filter button{font:inherit;padding:5px 12px;border:1px solid var(--line);border-radius:6px;background:var(--panel);color:var(--text);cursor:pointer}
.filter button[aria-pressed=true]{border-color:var(--link);box-shadow:inset 0 0 0 1px var(--link)}
tr[hidden]{display:none}
.leaks{border:1px solid var(--line);border-inline-start:6px solid var(--fail);border-radius:8px;padding:12px 18px;margin-top:16px;overflow-wrap:anywhere}
.plain{margin:0;padding-inline-start:20px;font-size:14px}.plain li{overflow-wrap:anywhere}
footer{margin:36px auto;color:var(--dim);font-size:13px}
@media (max-width:560px){main,header.top,footer{padding:0 12px}.body{padding:4px 12px 14px}.verdict{padding:14px 16px}.verdict h1{font-size:21px}.cell .sum{margin-inline-start:1.6em}.problem{padding:10px 12px}
.matrix th[scope=row]{white-space:normal;min-width:9em;overflow-wrap:anywhere}
.checks thead{position:absolute;clip-path:inset(50%)}.checks tr{display:block;border-bottom:1px solid var(--line);padding:6px 0}.checks td{display:inline-block;border:0;padding:1px 6px 1px 0}.checks td:nth-child(2){display:block}}
@media print{:root{color-scheme:light}.filter,.skip{display:none}pre{max-height:none}.cell{break-inside:auto}.problem,.gantt{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}}
${statusRules}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`
