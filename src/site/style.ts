import { STATUS_STYLE } from '../reporters/status-style.ts'
import { facetRules } from './facets.ts'

const statuses = Object.entries(STATUS_STYLE)
const lightColors = statuses.map(([name, style]) => `--${name}:${style.light}`).join(';')
const darkColors = statuses.map(([name, style]) => `--${name}:${style.dark}`).join(';')
const statusRules = statuses
  .map(
    ([name]) =>
      `.s-${name}{color:var(--${name})}.e-${name}{border-inline-start-color:var(--${name})}.m-${name}{--own:var(--${name})}.p-${name}{fill:var(--${name})}`,
  )
  .join('\n')

/** The style sheet of all pages. Colours of statuses come from the one table of styles. */
export const SITE_STYLE = `
:root{color-scheme:light dark;--bg:#fbfcfd;--card:#fff;--panel:#f3f5f8;--line:#dde3ea;--text:#1b2129;--dim:#566070;--link:#0a53b8;--head:#111827;--headtext:#f3f4f6;--bar:#3b82c4;--grid:#e3e7ec;
--p0:#1d4ed8;--p1:#0e7490;--p2:#7c3aed;--p3:#b45309;--p4:#be185d;--p5:#4d7c0f;${lightColors}}
@media (prefers-color-scheme:dark){:root{--bg:#0d1217;--card:#141a21;--panel:#1a2129;--line:#2b343e;--text:#e6edf3;--dim:#9aa6b5;--link:#7fbcff;--head:#0a0e12;--headtext:#e6edf3;--bar:#4d9be0;--grid:#262d36;
--p0:#60a5fa;--p1:#22d3ee;--p2:#a78bfa;--p3:#fbbf24;--p4:#f472b6;--p5:#a3e635;${darkColors}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;min-height:100vh;display:flex;flex-direction:column}
.wide{max-width:1240px;margin:0 auto;padding:0 24px;width:100%}
main{flex:1;padding-top:28px!important;padding-bottom:48px!important}
main:focus{outline:0}
a{color:var(--link);text-underline-offset:2.5px;text-decoration-color:color-mix(in srgb,currentColor 38%,transparent)}
a:hover{text-decoration-color:currentColor;text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
code,pre{font:13px/1.5 ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 14px;margin:8px 0;overflow:auto;max-height:26em;white-space:pre-wrap;overflow-wrap:anywhere}
h1,h2,h3,p,ul,ol,dl,dd,figure{margin:0}
h1{font-size:28px;line-height:1.2;letter-spacing:-.015em;font-weight:680;overflow-wrap:anywhere}
h1 code{font-size:25px;font-weight:600}
h1 .dim{font-weight:400}
h2{font-size:18px;letter-spacing:-.005em;margin-bottom:12px}
h3{font-size:15px}
ul,ol{padding:0;list-style:none}
small,.dim,.none{color:var(--dim);font-weight:400}
small{font-size:13px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px;z-index:9}.skip:focus{left:12px;top:12px;background:var(--card);padding:8px 14px;border-radius:6px}
header.site{background:var(--head)}
header.site .wide{display:flex;flex-wrap:wrap;align-items:center;gap:2px 28px;padding-top:12px;padding-bottom:12px}
header.site a{color:var(--headtext);text-decoration:none;display:block}
header.site .name{overflow-wrap:anywhere;font-weight:680;font-size:16px;letter-spacing:-.01em;padding:6px 0}
header.site .name::before{content:"";display:inline-block;width:16px;height:16px;margin-inline-end:10px;vertical-align:-2px;border-radius:4px;background:conic-gradient(#4ade80 25%,#4ade80 0 50%,#f87171 0 75%,#4ade80 0)}
header.site ul{display:flex;flex-wrap:wrap;gap:2px}
header.site li a{padding:6px 11px;border-radius:7px;font-size:14px;opacity:.86}
header.site li a:hover{background:#ffffff1c;opacity:1}
header.site li a[aria-current]{background:#ffffff26;opacity:1;font-weight:600}
header.site :focus-visible{outline-color:#93c5fd}
.sub{color:var(--dim);margin-top:6px;max-width:76ch}
.crumbs{margin-bottom:10px;font-size:13px}
.crumbs ol{display:flex;flex-wrap:wrap;gap:2px 8px;color:var(--dim)}
.crumbs li{overflow-wrap:anywhere}
.crumbs li+li::before{content:"/";margin-inline-end:8px;color:var(--line)}
.part{margin-top:36px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(150px,100%),1fr));gap:12px;margin-top:20px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 18px}
.tile strong{display:block;font-size:26px;line-height:1.2;font-weight:680;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile span{color:var(--dim);font-size:13px}
.tile.good strong{color:var(--pass)}.tile.bad strong{color:var(--fail)}.tile.odd strong{color:var(--miss)}
.badge{white-space:nowrap;font-weight:600}
h1 .badge{font-size:19px;padding:3px 10px 4px;border:1.5px solid;border-radius:9px;vertical-align:3px;margin-inline-end:6px;letter-spacing:0}
.tag{display:inline-block;font-size:12px;font-weight:600;line-height:1;padding:4px 8px;border:1px solid var(--line);border-radius:99px;color:var(--dim);background:var(--panel);white-space:nowrap;vertical-align:1px}
.tag.good{color:var(--pass);border-color:var(--pass);background:none}.tag.bad{color:var(--fail);border-color:var(--fail);background:none}.tag.odd{color:var(--miss);border-color:var(--miss);background:none}
.empty{color:var(--dim);border:1px dashed var(--line);border-radius:10px;padding:16px 18px}
.notice{border:1px solid var(--line);border-inline-start:5px solid var(--miss);border-radius:8px;padding:12px 16px;margin-top:14px;background:var(--card)}.notice.bad{border-inline-start-color:var(--fail)}
.warn{color:var(--miss);margin-top:6px;overflow-wrap:anywhere}
.scroll{position:relative;overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px}
table{border-collapse:separate;border-spacing:0;width:100%}
th,td{text-align:start;vertical-align:top;padding:9px 14px;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:12.5px;color:var(--dim);font-weight:600;white-space:nowrap;background:var(--panel)}
tbody th{font-weight:500}
tbody th .title,tbody th code{font-weight:400}
.num{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
td.says{overflow-wrap:anywhere;min-width:16em}
.says small{display:block}
table.narrow{width:auto;min-width:min(640px,100%)}
.scroll:has(>.narrow),.scroll:has(>.grid){width:fit-content;max-width:100%}
.title{color:var(--dim);display:block;font-size:14px}
.struck th,.struck td{text-decoration:line-through;color:var(--dim)}.struck .tag{text-decoration:none}
tbody tr:hover>*{background:var(--panel)}
.matrix th[scope=row],.matrix td,.finder th[scope=row],.finder td{white-space:nowrap;vertical-align:middle}
.finder td.wrap{white-space:normal;min-width:10em}
.chip{display:inline-block;min-width:74px;padding:3px 10px;border-radius:8px;text-decoration:none;font-weight:600;font-variant-numeric:tabular-nums;color:var(--own);background:color-mix(in srgb,var(--own) 11%,var(--card));border:1px solid color-mix(in srgb,var(--own) 30%,var(--card));white-space:nowrap}
.chip:hover{background:color-mix(in srgb,var(--own) 20%,var(--card))}
.tile-none{display:inline-block;min-width:74px;text-align:center;color:var(--dim)}
.stale{border-style:dashed!important;background:none!important}
.mark{display:grid;place-items:center;width:26px;height:26px;border-radius:6px;font-size:13px;font-weight:700;line-height:1;text-decoration:none;color:var(--own,var(--dim));background:color-mix(in srgb,var(--own,transparent) 13%,var(--card));border:1px solid color-mix(in srgb,var(--own,transparent) 32%,var(--card));position:relative}
.m-pass.mark{font-weight:400}
.m-fail.mark{background:var(--own);color:var(--card);border-color:var(--own)}
.m-none.mark{background:none;border-color:transparent}
.mark.waived::after{content:"";position:absolute;inset-block-start:2px;inset-inline-end:2px;width:5px;height:5px;border-radius:50%;background:var(--miss)}
a.mark:hover{outline:2px solid var(--own);outline-offset:1px}
.grid{width:auto}
.grid th,.grid td{padding:3px;border-bottom:0}
.grid td:last-child,.grid thead th:last-child{padding-inline-end:12px}
.grid thead th{padding:8px 3px;text-align:center;font-variant-numeric:tabular-nums}
.grid thead th:first-child{text-align:start;padding-inline-start:14px;vertical-align:bottom}
.grid .build a{text-decoration:none;display:block}
.grid .month{display:block;font-size:11px;height:1.6em;width:26px;overflow:visible;white-space:nowrap;color:var(--dim);font-weight:500;text-align:start;padding-inline-start:6px}
.grid .day{font-size:13px}
.grid th[scope=row]{padding:3px 18px 3px 14px;white-space:nowrap;font-size:14px;vertical-align:middle}
.grid .group th{padding:14px 14px 4px;font-weight:650;text-align:start}
.grid tbody:last-child tr:last-child>*{padding-bottom:10px}
.grid tbody tr:hover>*{background:none}
.sticky th:first-child{position:sticky;left:0;z-index:1;background:var(--card)}
.sticky thead th:first-child{background:var(--panel)}
.sticky tbody tr:hover>th:first-child{background:var(--panel)}
.facets{display:flex;flex-wrap:wrap;gap:10px 14px;align-items:end;margin:18px 0 14px}
.facets label{font-size:13px;color:var(--dim);display:grid;gap:3px}
.facets select,.facets button{font:inherit;font-size:14px;color:var(--text);background:var(--card);border:1px solid var(--line);border-radius:8px;padding:6px 10px;max-width:100%}
.facets select:has(option:not([value=""]):checked){border-color:var(--link);box-shadow:inset 0 0 0 1px var(--link)}
.facets button{background:var(--panel);cursor:pointer}
.facets:not(:has(option:not([value=""]):checked)) button{visibility:hidden}
.facts-line{display:flex;flex-wrap:wrap;gap:8px 28px;margin-top:18px}
.facts-line dt{color:var(--dim);font-size:13px}.facts-line dd{overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:2px 18px;color:var(--dim);font-size:14px}.facts b{color:var(--text);font-weight:500;overflow-wrap:anywhere}
.problems{display:grid;gap:8px}.problems+.problems{margin-top:8px}
.problems>li{background:var(--card);border:1px solid var(--line);border-inline-start:4px solid var(--dim);border-radius:8px;padding:10px 16px;overflow-wrap:anywhere}
.problems small{display:block}
.problems>li:has(.count){display:grid;grid-template-columns:minmax(0,1fr) max-content;gap:0 20px;align-items:center}
.count{font-size:22px;font-weight:680;line-height:1.1;text-align:end;font-variant-numeric:tabular-nums;color:var(--own,var(--text))}.count small{font-size:12px;font-weight:400}
.problems li.e-fail{border-inline-start-color:var(--fail)}.problems li.e-error{border-inline-start-color:var(--error)}.problems li.e-miss{border-inline-start-color:var(--miss)}
.problem{background:var(--card);border:1px solid var(--line);border-inline-start:5px solid var(--dim);border-radius:10px;padding:14px 18px;margin:12px 0;overflow-wrap:anywhere}
.problem.e-fail{border-inline-start-color:var(--fail)}.problem.e-error{border-inline-start-color:var(--error)}.problem.e-miss{border-inline-start-color:var(--miss)}
.problem summary{cursor:pointer}.problem summary h3{display:inline;margin-inline-end:8px}
.expected{display:block;padding-inline-start:1.15em;color:var(--dim)}
.problem dl,.card dl,.wide-list{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 18px;margin:10px 0 0;font-size:14px}
.problem dt,.card dt,.wide-list dt{color:var(--dim)}
.log-name{margin-top:10px;font-size:14px}
pre.log{border-inline-start:4px solid var(--line)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(380px,100%),1fr));gap:16px;margin-top:16px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 20px;overflow-wrap:anywhere;min-width:0}
.card h2,.card h3{font-size:16px;margin-bottom:4px}
.card .share{width:100%;height:6px;margin:6px 0 8px}
.card.over{background:none}.card.over h3{color:var(--dim)}
.card:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
.share{display:block;width:120px;height:10px;border-radius:3px;margin-top:7px}
.none-bar{fill:var(--grid)}.stale-bar{fill:color-mix(in srgb,var(--miss) 55%,var(--card))}.fresh-bar{fill:var(--pass)}.bad-bar{fill:var(--fail)}
.cells{columns:3 280px;column-gap:28px;font-size:14px}.cells li{break-inside:avoid;padding:2px 0;overflow-wrap:anywhere}
.files{columns:2 320px;column-gap:28px;font-size:14px}.files li{break-inside:avoid;padding:2px 0;overflow-wrap:anywhere}
.inline{display:flex;flex-wrap:wrap;gap:6px 18px}
.plain li{padding:5px 0}.plain details{margin:4px 0 6px}.plain details ul{margin:6px 0;padding-inline-start:20px}.scroll+p{margin-top:12px}
.diff-list{font-size:14px;margin:4px 0 14px}.diff-list li{overflow-wrap:anywhere;padding:1px 0}
.command{margin-top:2px}.command figcaption{color:var(--dim);font-size:14px}
.command pre{margin-top:4px}
.trend{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 18px;margin-top:22px}
.trend figcaption{color:var(--dim);font-size:14px;margin-bottom:6px}.trend b{color:var(--text)}
.trend svg{display:block;width:100%;height:auto;min-height:150px;overflow:visible}
.trend .axes path{stroke:var(--grid);fill:none}.trend text{fill:var(--dim);font-size:12px}
.trend .line{fill:none;stroke:var(--bar);stroke-width:2;stroke-linejoin:round}
.trend .area{fill:var(--bar);opacity:.09}
.trend .median{stroke:var(--dim);stroke-dasharray:4 5;fill:none}
.trend circle{stroke:var(--card);stroke-width:2}.trend a:hover circle,.trend a:focus-visible circle{r:7}
.boot{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 18px;margin-top:20px}
.boot h4{margin:0 0 8px;font-size:15px}
.boot svg{display:block;width:100%;height:16px;border-radius:3px}
.bootrow{margin:6px 0 12px}.bootlabel{font-size:13px;margin-bottom:3px}
.legend{display:flex;flex-wrap:wrap;gap:0 14px;font-size:12px;color:var(--dim);margin-top:3px}
.legend i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-inline-end:5px}
${[0, 1, 2, 3, 4, 5].map((n) => `rect.p${n}{fill:var(--p${n})}i.p${n}{background:var(--p${n})}`).join('')}
.checks td{font-size:14px}.checks .title{color:var(--dim)}
.note{display:block;font-size:13px;color:var(--dim);overflow-wrap:anywhere}
.baseline>*{background:var(--panel)}
.all>summary{cursor:pointer;font-weight:600;margin-bottom:10px}
.digest{font-size:12px}
footer.site{border-top:1px solid var(--line);color:var(--dim);font-size:13px;padding:18px 0 26px}
.legend-list{display:flex;flex-wrap:wrap;gap:2px 22px;margin-bottom:8px}
@media (max-width:640px){.wide{padding:0 16px}h1{font-size:23px}.tiles{grid-template-columns:repeat(2,1fr);gap:8px}.tile{padding:10px 14px}.tile strong{font-size:22px}
.part{margin-top:28px}.problem{padding:12px 14px}.problem dl,.card dl,.wide-list{grid-template-columns:1fr;gap:0}.problem dd,.card dd,.wide-list dd{margin-bottom:6px}
th,td{padding:8px 10px}.sticky th[scope=row],.matrix th[scope=row]{max-width:46vw;white-space:normal;overflow-wrap:break-word}th[scope=row]{min-width:7em}
header.site .wide{padding-top:8px;padding-bottom:8px}header.site ul{overflow-x:auto;flex-wrap:nowrap;max-width:calc(100vw - 32px)}header.site li a{white-space:nowrap;padding:8px 11px}
.mark{width:32px;height:32px}.facets label{flex:1 1 40%}
.checks thead{position:absolute;clip-path:inset(50%)}.checks tr{display:block;border-bottom:1px solid var(--line);padding:6px 0}.checks td{display:inline-block;border:0;padding:1px 10px}.checks td:nth-child(2){display:block}}
@media print{:root{color-scheme:light}header.site nav,.skip,.facets{display:none}header.site{background:none}header.site a{color:#000}body{background:#fff;font-size:12px}main{padding-top:8px!important}
.scroll{overflow:visible;border-radius:0}pre{max-height:none}.problem,.tile,.card,tr{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}.mark,.chip,.tile,.share,rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}thead{display:table-header-group}.grid{font-size:10px}.mark{width:17px;height:17px}}
@media (forced-colors:active){.mark,.chip{border:1px solid}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
${statusRules}
${facetRules()}
`
