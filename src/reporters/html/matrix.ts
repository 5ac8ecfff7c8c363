import type { CellModel, RunModel } from '../../results/run-model.ts'
import { compareSubjects, countChecks, countedChecks, isFlaky } from '../../results/summary.ts'
import { cellReason, flakyReason, oneLine, timeText } from '../wording.ts'
import { costText, hasCost } from '../cost.ts'
import { badge, flakyMark, tally } from './badge.ts'
import { breakable, html, type Markup } from './markup.ts'

/** Cells down, suites across. */
export function matrixTable(run: RunModel, linkTo: (index: number) => string): Markup {
  const columns = columnsOf(run)
  return html`<section aria-labelledby="matrix">
    <h2 id="matrix">Cells</h2>
    ${tableOf(
      run.cells.map((cell, index) => ({ cell, link: linkTo(index) })),
      columns,
    )}
  </section>`
}

/** The same for a large run: what passed, and what is too much to look at, unfolds. A browser lays out only what is open. */
export function foldedMatrix(run: RunModel, linkTo: (index: number) => string): Markup {
  const columns = columnsOf(run)
  const rows = run.cells.map((cell, index) => ({ cell, link: linkTo(index) }))
  const passed = rows.filter(({ cell }) => cell.status === 'pass')
  const others = rows.filter(({ cell }) => cell.status !== 'pass')
  const folded = (title: string, some: readonly Row[]) =>
    some.length > 0 &&
    html`<details>
      <summary>${title}</summary>
      ${tableOf(some, columns)}
    </details>`
  return html`<section aria-labelledby="matrix">
    <h2 id="matrix">Cells</h2>
    ${others.length > 0 && tableOf(others.slice(0, OPEN_ROWS), columns)}
    ${folded(`${Math.max(0, others.length - OPEN_ROWS)} more cells that did not pass`, others.slice(OPEN_ROWS))}
    ${folded(`${passed.length} cells that passed`, passed)}
  </section>`
}

const OPEN_ROWS = 300

interface Row {
  cell: CellModel
  link: string
}

interface Columns {
  suites: readonly string[]
  /** Whether any cell compares the image with the upgraded one. */
  compared: boolean
  /** Whether any cell has a price. */
  priced: boolean
}

function columnsOf(run: RunModel): Columns {
  const suites = ['policy', 'regression', 'logs'].filter((suite) =>
    run.cells.some(
      (cell) => cell.summary.suites.includes(suite) || cell.checks.some((record) => record.suite === suite),
    ),
  )
  return { suites, compared: run.cells.some((cell) => compareSubjects(cell)), priced: hasCost(run) }
}

function tableOf(rows: readonly Row[], columns: Columns): Markup {
  const { suites, compared, priced } = columns
  return html`<div class="scroll">
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col">cell</th>
          <th scope="col">verdict</th>
          <th scope="col">boot</th>
          ${suites.map((suite) => html`<th scope="col">${suite}</th>`)}${compared && html`<th scope="col">upgrade</th>`}
          ${priced && html`<th scope="col" class="num">cost (estimate)</th>`}
          <th scope="col" class="num">time</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(({ cell, link }) => row(cell, link, columns))}
      </tbody>
    </table>
  </div>`
}

function row(cell: CellModel, link: string, { suites, compared, priced }: Columns): Markup {
  const reason = countedChecks(cell).length === 0 ? cellReason(cell) : ''
  return html`<tr class="r-${cell.status}">
    <th scope="row"><a href="${link}">${breakable(cell.summary.id)}</a></th>
    <td>${badge(cell.status)}${isFlaky(cell) && flakyMark(flakyReason(cell))}</td>
    <td>${bootMark(cell)}</td>
    ${reason !== '' ? html`<td colspan="${suites.length}" class="reason">${oneLine(reason, 160)}</td>` : suites.map((suite) => html`<td>${tally(countChecks(countedChecks(cell).filter((record) => record.suite === suite)))}</td>`)}
    ${compared && html`<td>${upgradeMark(cell)}</td>`}
    ${priced && html`<td class="num">${costText(cell.usage) || '–'}</td>`}
    <td class="num">${cell.durationMs > 0 ? timeText(cell.durationMs) : '–'}</td>
  </tr> `
}

function bootMark(cell: CellModel): Markup {
  const boots = cell.steps.filter((step) => step.step === 'first-boot' || step.step === 'reboot')
  if (boots.some((step) => step.outcome === 'failed'))
    return html`<span class="s-fail"><span aria-hidden="true">✘</span> failed</span>`
  const first = boots.find((step) => step.outcome === 'ok')
  return first
    ? html`<span class="s-pass"><span aria-hidden="true">✔</span> ${timeText(first.durationMs)}</span>`
    : html`<span class="none">–</span>`
}

function upgradeMark(cell: CellModel): Markup {
  const diff = compareSubjects(cell)
  if (!diff) return html`<span class="none">–</span>`
  const { broke, fixed } = diff
  if (broke.length + fixed.length === 0) return html`no change`
  return html`${broke.length > 0 && html`<span class="s-fail">broke ${broke.length}</span> `}${fixed.length > 0 && html`<span class="s-pass">fixed ${fixed.length}</span>`}`
}
