import type { CellModel, StepModel } from '../../results/run-model.ts'
import { timeText } from '../wording.ts'
import { html, type Markup } from './markup.ts'

const WIDTH = 1000

/** When each step ran and how long it took: a row per step, bars on one scale. */
export function timeline(cell: CellModel): Markup {
  const { steps } = cell
  if (steps.length === 0) return html``
  const ends = steps.map((step) => step.startMs + (step.durationMs ?? Math.max(0, cell.durationMs - step.startMs)))
  const total = Math.max(1, cell.durationMs, ...ends.filter(Number.isFinite))
  return html`<table class="gantt">
    <caption>
      Steps, ${timeText(cell.durationMs)} in
      all${cell.boots > 0 && `, ${cell.boots} ${cell.boots === 1 ? 'boot' : 'boots'}`}
    </caption>
    <thead class="sr">
      <tr>
        <th scope="col">step</th>
        <th scope="col">when</th>
        <th scope="col">time</th>
      </tr>
    </thead>
    <tbody>
      ${steps.map((step) => row(step, cell, total))}
    </tbody>
    <tfoot aria-hidden="true">
      <tr>
        <td></td>
        <td>
          <span class="axis"><span>0</span><span>${timeText(total / 2)}</span><span>${timeText(total)}</span></span>
        </td>
        <td></td>
      </tr>
    </tfoot>
  </table>`
}

function row(step: StepModel, cell: CellModel, total: number): Markup {
  const duration = step.durationMs ?? Math.max(0, cell.durationMs - step.startMs)
  const x = scale(step.startMs, total)
  const width = Math.max(3, Math.min(WIDTH - x, scale(duration, total)))
  const note =
    step.outcome === 'skipped' ? 'skipped' : step.durationMs === undefined ? 'did not end' : timeText(step.durationMs)
  const why = step.error?.message ?? step.reason ?? step.detail ?? ''
  const status = step.outcome === 'failed' ? 'fail' : step.outcome === 'running' ? 'miss' : 'ok'
  return html`<tr class="o-${step.outcome}">
    <th scope="row">${step.step}${step.outcome === 'failed' && html` <span class="s-fail">✘ failed</span>`}</th>
    <td>
      <svg
        viewBox="0 0 ${WIDTH} 14"
        preserveAspectRatio="none"
        role="img"
        aria-label="from ${timeText(step.startMs)}, ${note}"
      >
        <title>${step.step}: from ${timeText(step.startMs)}, ${note}${why !== '' && `. ${why}`}</title>
        <path class="grid" d="M0 0V14M250 0V14M500 0V14M750 0V14M1000 0V14" />
        ${step.outcome !== 'skipped' && html`<rect class="bar b-${status}" x="${x}" y="2" width="${width}" height="10" />`}
      </svg>
    </td>
    <td class="num">${note}</td>
  </tr> `
}

function scale(ms: number, total: number): number {
  const x = (ms / total) * WIDTH
  return Number.isFinite(x) ? Math.round(Math.min(WIDTH, Math.max(0, x)) * 10) / 10 : 0
}
