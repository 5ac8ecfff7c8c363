import type { NotSelectedCell } from '../../results/not-selected.ts'
import type { RunModel } from '../../results/run-model.ts'
import { badge } from './badge.ts'
import { breakable, html, type Markup } from './markup.ts'

/** More rows than this are laid out only when somebody wants to see them. */
const OPEN_ROWS = 100

/** Cells that rules of the run left out on purpose, with what earlier runs know of them. */
export function notSelectedTable({ notSelected }: RunModel): Markup {
  if (notSelected.length === 0) return html``
  const table = tableOf(notSelected)
  return html`<section aria-labelledby="not-selected">
    <h2 id="not-selected">Not selected: ${notSelected.length}</h2>
    ${
      notSelected.length <= OPEN_ROWS
        ? table
        : html`<details>
            <summary>${notSelected.length} cells with their last known results</summary>
            ${table}
          </details>`
    }
  </section>`
}

function tableOf(cells: readonly NotSelectedCell[]): Markup {
  return html`<div class="scroll">
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col">cell</th>
          <th scope="col">by</th>
          <th scope="col">last known</th>
          <th scope="col">when</th>
        </tr>
      </thead>
      <tbody>
        ${cells.map(
          ({ cell, by, last }) =>
            html`<tr>
              <th scope="row">${breakable(cell.id)}</th>
              <td>${by}</td>
              <td>${last ? badge(last.status) : html`<span class="none">–</span>`}</td>
              <td>${last ? html`${last.at.slice(0, 10)}, run ${last.runId}` : 'no earlier result'}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}
