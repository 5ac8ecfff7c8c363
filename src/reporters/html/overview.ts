import type { CheckRecord } from '../../results/check-record.ts'
import type { RunModel } from '../../results/run-model.ts'
import { problemsOf } from '../problems.ts'
import { badge } from './badge.ts'
import { breakable, html, type Markup } from './markup.ts'

const MOST_CHECKS = 200
const MOST_CELLS = 20

/** What is wrong in a run that is too large to show each cell: every check that has problems, with the cells that have them. */
export function problemOverview(run: RunModel, linkTo: (index: number) => string): Markup {
  const checks = new Map<string, { record: CheckRecord; cells: number[] }>()
  for (const [index, cell] of run.cells.entries()) {
    for (const { record } of problemsOf(cell)) {
      const key = `${record.status} ${record.suite} ${record.id}`
      const known = checks.get(key)
      if (known) known.cells.push(index)
      else checks.set(key, { record, cells: [index] })
    }
  }
  if (checks.size === 0) return html``
  const most = [...checks.values()].sort((a, b) => b.cells.length - a.cells.length)
  return html`<section aria-labelledby="problems">
    <h2 id="problems">Problems</h2>
    ${most.slice(0, MOST_CHECKS).map(
      ({ record, cells }) =>
        html`<article class="problem e-${record.status}">
          <h4>${badge(record.status)} <code>${record.id}</code> <small>${record.suite} · ${record.severity}</small></h4>
          <p>Expected: ${record.title}. In ${cells.length} of ${run.cells.length} cells:</p>
          <ul class="plain">
            ${cells.slice(0, MOST_CELLS).map((index) => html`<li><a href="${linkTo(index)}">${breakable(run.cells[index]?.summary.id ?? '')}</a></li>`)}
          </ul>
          ${cells.length > MOST_CELLS && html`<p>… and ${cells.length - MOST_CELLS} more.</p>`}
        </article>`,
    )}
    ${most.length > MOST_CHECKS && html`<p>… and ${most.length - MOST_CHECKS} more checks.</p>`}
  </section>`
}
