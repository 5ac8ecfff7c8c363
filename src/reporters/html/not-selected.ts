import type { RunModel } from '../../results/run-model.ts'
import { badge } from './badge.ts'
import { breakable, html, type Markup } from './markup.ts'

/** Cells that rules of the run left out on purpose, with what earlier runs know of them. */
export function notSelectedTable({ notSelected }: RunModel): Markup {
  if (notSelected.length === 0) return html``
  return html`<section aria-labelledby="not-selected">
    <h2 id="not-selected">Not selected: ${notSelected.length}</h2>
    <div class="scroll">
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
          ${notSelected.map(
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
    </div>
  </section>`
}
