import { html, type Markup } from '../reporters/html/markup.ts'
import { timeText } from '../reporters/wording.ts'
import type { Status } from '../results/status.ts'

/** One number at one time. */
export interface TrendPoint {
  label: string
  value: number
  status: Status
  href: string
}

const WIDTH = 960
const HEIGHT = 220
const LEFT = 64
const RIGHT = 16
const TOP = 16
const BOTTOM = 28

/**
 * Numbers over time as a line with a point for each, oldest first; the dashed line is the median.
 * Every point is a link and says its value; the table below the picture says the same.
 */
export function trend(points: readonly TrendPoint[], title: string): Markup {
  if (points.length < 2) return html``
  const values = points.map(({ value }) => value)
  const most = niceCeiling(Math.max(...values, 1))
  const x = (index: number) => round(LEFT + (index / (points.length - 1)) * (WIDTH - LEFT - RIGHT))
  const y = (value: number) => round(TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM))
  const line = points.map(({ value }, index) => `${index === 0 ? 'M' : 'L'}${x(index)} ${y(value)}`).join('')
  const area = `${line}L${x(points.length - 1)} ${y(0)}L${x(0)} ${y(0)}Z`
  const middle = median(values)
  const steps = [0, 0.25, 0.5, 0.75, 1].map((share) => share * most)
  const last = points.at(-1)
  return html`<figure class="trend">
    <figcaption>
      ${title}: last <b>${timeText(last?.value)}</b>, median ${timeText(middle)}, between
      ${timeText(Math.min(...values))} and ${timeText(Math.max(...values))}
    </figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label="${title} over time">
      <g class="axes" aria-hidden="true">
        ${steps.map((step) => html`<path d="M${LEFT} ${y(step)}H${WIDTH - RIGHT}" /><text x="${LEFT - 10}" y="${y(step) + 4}" text-anchor="end">${timeText(step)}</text>`)}
        <text x="${LEFT}" y="${HEIGHT - 6}">${points[0]?.label ?? ''}</text>
        <text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${last?.label ?? ''}</text>
      </g>
      <path class="area" d="${area}" aria-hidden="true" />
      <path class="median" d="M${LEFT} ${y(middle)}H${WIDTH - RIGHT}" aria-hidden="true" />
      <path class="line" d="${line}" aria-hidden="true" />
      ${points.map(
        (point, index) =>
          html`<a href="${point.href}" aria-label="${point.label}: ${timeText(point.value)}"
            ><circle class="p-${point.status}" cx="${x(index)}" cy="${y(point.value)}" r="5" tabindex="-1"
              ><title>${point.label}: ${timeText(point.value)}</title></circle
            ></a
          > `,
      )}
    </svg>
  </figure>`
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** The next number above that quarters of are easy to read. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return (([1, 2, 4, 6, 8].find((step) => step * power >= value) ?? 10) as number) * power
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
