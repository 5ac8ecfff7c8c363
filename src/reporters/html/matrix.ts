import type { CellModel, RunModel } from '../../results/run-model.ts'
import { compareSubjects, countChecks, countedChecks, isFlaky } from '../../results/summary.ts'
import { cellReason, flakyReason, oneLine, timeText } from '../wording.ts'
import { badge, flakyMark, tally } from './badge.ts'
import { breakable, html, type Markup } from './markup.ts'

/** Cells down, suites across. */
export function matrixTable(run: RunModel): Markup {
  const suites = ['policy', 'regression', 'logs'].filter((suite) =>
    run.cells.some(
      (cell) => cell.summary.suites.includes(suite) || cell.checks.some((record) => record.suite === suite),
    ),
  )
  const compared = run.cells.some((cell) => compareSubjects(cell))
  return html`<section aria-labelledby="matrix">
    <h2 id="matrix">Cells</h2>
    <div class="scroll">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">cell</th>
            <th scope="col">verdict</th>
            <th scope="col">boot</th>
            ${suites.map((suite) => html`<th scope="col">${suite}</th>`)}${compared && html`<th scope="col">upgrade</th>`}
            <th scope="col" class="num">time</th>
          </tr>
        </thead>
        <tbody>
          ${run.cells.map((cell, index) => row(cell, index, suites, compared))}
        </tbody>
      </table>
    </div>
  </section>`
}

function row(cell: CellModel, index: number, suites: readonly string[], compared: boolean): Markup {
  const reason = countedChecks(cell).length === 0 ? cellReason(cell) : ''
  return html`<tr class="r-${cell.status}">
    <th scope="row"><a href="#cell-${index + 1}">${breakable(cell.summary.id)}</a></th>
    <td>${badge(cell.status)}${isFlaky(cell) && flakyMark(flakyReason(cell))}</td>
    <td>${bootMark(cell)}</td>
    ${reason !== '' ? html`<td colspan="${suites.length}" class="reason">${oneLine(reason, 160)}</td>` : suites.map((suite) => html`<td>${tally(countChecks(countedChecks(cell).filter((record) => record.suite === suite)))}</td>`)}
    ${compared && html`<td>${upgradeMark(cell)}</td>`}
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
