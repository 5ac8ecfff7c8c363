import type { CellModel, RunModel } from '../../results/run-model.ts'
import { compareSubjects, countChecks, countedChecks } from '../../results/summary.ts'
import { bytesText, cellReason, countsText, rerunCommand, timeText } from '../wording.ts'
import { costText } from '../cost.ts'
import { badge } from './badge.ts'
import { bootBars } from './boot-bars.ts'
import { checkTable, problemCard } from './checks.ts'
import { breakable, fileLink, html, type Markup } from './markup.ts'
import { problemsOf } from '../problems.ts'
import { timeline } from './timeline.ts'

/** Problems that are shown in full; the rest is one click away. */
const OPEN_PROBLEMS = 4

/** Last lines of logs, by file name as the events give it. */
export type Excerpts = ReadonlyMap<string, string>

/** One cell: verdict, what is wrong, what the upgrade changed, where the time went, logs, all checks. Open when it did not pass, or when there is no other. */
export function cellSection(
  run: RunModel,
  index: number,
  cell: CellModel,
  excerpts: Excerpts,
  alone = run.cells.length === 1,
): Markup {
  const problems = problemsOf(cell)
  const counts = countChecks(countedChecks(cell))
  const open = alone || cell.status !== 'pass' || problems.length > 0
  return html`<section class="cell" id="cell-${index + 1}" aria-labelledby="cell-${index + 1}-title">
<details${open && html` open`}><summary><h3 id="cell-${index + 1}-title">${badge(cell.status)} ${breakable(cell.summary.id)}</h3>
<span class="sum">${counts.total > 0 ? countsText(counts) : cellReason(cell)}${cell.durationMs > 0 && ` · ${timeText(cell.durationMs)}`}</span></summary>
<div class="body">
${failure(cell)}
${problems.map((problem, at) => problemCard(problem, at < OPEN_PROBLEMS))}
${comparison(cell)}
<div class="pictures">${timeline(cell)}${bootBars(cell)}</div>
${details(cell)}
${logs(cell, excerpts)}
${
  cell.checks.length > 0 &&
  html`<details class="all">
    <summary>All ${cell.checks.length} judgements</summary>
    ${checkTable(cell.checks)}
  </details>`
}
<p class="again">Run it again: <code>${rerunCommand(run, cell)}</code></p>
</div></details></section>
`
}

function failure(cell: CellModel): Markup {
  if (cell.state === 'ended' && !cell.error) return html``
  const tail = (cell.error?.evidence ?? '').slice(-8000)
  return html`<article class="problem e-${cell.status}">
    <h4>${badge(cell.status)} ${cell.error?.name ?? 'Not judged'}</h4>
    <p>${cellReason(cell)}</p>
    ${tail !== '' && html`<pre tabindex="0">${tail}</pre>`}${cell.error?.hint && html`<p>→ ${cell.error.hint}</p>`}
  </article>`
}

function comparison(cell: CellModel): Markup {
  const diff = compareSubjects(cell)
  if (!diff) return html``
  const list = (title: string, status: 'fail' | 'pass' | 'skip', records: typeof diff.broke) =>
    html`<div>
      <h5 class="s-${status}">${title}: ${records.length}</h5>
      ${
        records.length > 0 &&
        html`<ul>
          ${records.map((record) => html`<li><code>${record.id}</code> ${record.title}${record.phase && html` <small>(${record.phase})</small>`}</li>`)}
        </ul>`
      }
    </div>`
  return html`<section class="diff">
    <h4>What the upgrade changed</h4>
    ${cell.upgrade && html`<p>${cell.summary.agent.name} ${cell.upgrade.from} → ${cell.upgrade.to}, from ${cell.upgrade.source}; ${diff.compared} judgements made on both images</p>`}
    <div class="cols">
      ${list('✘ broke', 'fail', diff.broke)}${list('✔ fixed', 'pass', diff.fixed)}${list('= failed before and after', 'skip', diff.stillFailing)}
    </div>
  </section>`
}

/** Axes that make this cell another than the plain one. */
function furtherAxes({ axes = {} }: CellModel['summary']): [string, string][] {
  const told = ['platform', 'image', 'distribution', 'release', 'instance-type', 'boot', 'agent']
  return Object.entries(axes).filter(([axis, value]) => !told.includes(axis) && value !== 'default')
}

function details(cell: CellModel): Markup {
  const { summary } = cell
  const facts: [string, string | undefined][] = [
    ['platform', summary.platform],
    ['image', summary.image],
    ['instance type', summary.instanceType],
    ['boot', summary.boot],
    ...furtherAxes(summary),
    ['agent', `${summary.agent.name}, ${summary.agent.source === 'none' ? 'as in the image' : summary.agent.source}`],
    ['tier', summary.tier],
    [
      'machine time',
      cell.usage &&
        `${cell.usage.seconds} s of ${cell.usage.machines} ${cell.usage.machines === 1 ? 'machine' : 'machines'}`,
    ],
    ['cost', costText(cell.usage) && `${costText(cell.usage)} (an estimate, ${cell.usage?.basis ?? ''})`],
    ['attempt', cell.attempt > 1 ? String(cell.attempt) : undefined],
  ]
  return html`<p class="facts">${facts.map(([name, value]) => value && html`<span>${name} <b>${value}</b></span> `)}</p>
    ${cell.earlier.map((before) => html`<p class="warn">Attempt ${before.attempt} ended as ${before.status}${before.reason && `: ${before.reason}`}</p>`)}
    ${cell.warnings.map((warning) => html`<p class="warn">warning: ${warning}</p>`)}
    ${cell.leaks.map((leak) => html`<p class="warn">left behind: ${leak.resource}: ${leak.error.message}. <code>harness sweep</code> removes what it can.</p>`)}`
}

function logs(cell: CellModel, excerpts: Excerpts): Markup {
  if (cell.logs.length + cell.facts.length === 0) return html``
  return html`<section class="logs">
    <h4>Logs and facts</h4>
    <ul>
      ${mainFirst(cell.logs).map((log) => {
        const excerpt = excerpts.get(log.file)
        const marks = [
          bytesText(log.bytes),
          log.truncated ? 'cut' : '',
          log.redactions > 0 ? `${log.redactions} secrets masked` : '',
        ].filter(Boolean)
        return html`<li>
          ${fileLink(log.file, logLabel(log, cell.logs))} <small>${marks.join(', ')}</small>${
            excerpt !== undefined &&
            html`<details class="excerpt">
              <summary>last lines</summary>
              <pre tabindex="0">${excerpt}</pre>
            </details>`
          }
        </li>`
      })}${cell.facts.map((facts) => html`<li>${fileLink(facts.file, `facts, ${facts.subject}, ${facts.phase}`)}</li>`)}
    </ul>
  </section>`
}

/** Logs of the machine under test before those of further machines, whose labels end in a bracket. */
function mainFirst(logs: CellModel['logs']): CellModel['logs'] {
  const further = (log: CellModel['logs'][number]) => +logLabel(log, logs).endsWith(')')
  return [...logs].sort((a, b) => further(a) - further(b))
}

/** Logs of further machines have the same titles; they are told apart by their folder. */
function logLabel(log: CellModel['logs'][number], all: CellModel['logs']): string {
  const shorter = all.some((other) => other.title === log.title && other.file.length < log.file.length)
  const folder = shorter ? log.file.split('/logs/').at(-1)?.split('/')[0] : undefined
  return folder === undefined ? log.title : `${log.title} (${folder})`
}
