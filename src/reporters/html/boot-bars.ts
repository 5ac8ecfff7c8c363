import type { CellModel } from '../../results/run-model.ts'
import { timeText } from '../wording.ts'
import { html, type Markup } from './markup.ts'

const WIDTH = 1000

/** Names of measured pieces in the order of a boot; those we do not know follow. */
const ORDER = [
  'firmware',
  'loader',
  'kernel',
  'initrd',
  'userspace',
  'init-local',
  'init',
  'init-network',
  'config',
  'final',
]
const GROUP_TITLE: Readonly<Record<string, string>> = { boot: 'systemd', 'cloud-init': 'cloud-init stages' }

interface Bar {
  label: string
  pieces: { name: string; ms: number }[]
  total: number
}

/** Where the time of a boot went: stacked bars on one scale, one per measured boot. Pieces are named `group.piece`. */
export function bootBars(cell: Pick<CellModel, 'measured'>, heading = html`<h4>Boot time</h4>`): Markup {
  const bars = cell.measured.flatMap(({ subject, values }) =>
    barsOf(subject === 'image' ? 'image' : 'upgraded', values),
  )
  const plain = cell.measured.flatMap(({ subject, values }) =>
    Object.entries(values).flatMap(([name, ms]) =>
      name.includes('.') || !sensible(ms) ? [] : [{ subject, name, ms }],
    ),
  )
  if (bars.length === 0 && plain.length === 0) return html``
  const scale = Math.max(1, ...bars.map((bar) => bar.total))
  return html`<div class="boot">
    ${heading} ${bars.map((bar) => barRow(bar, scale))}
    ${plain.length > 0 && html`<p class="facts">${plain.map(({ subject, name, ms }) => html`<span>${subject}: ${words(name)} <b>${timeText(ms)}</b></span> `)}</p>`}
  </div>`
}

function barRow(bar: Bar, scale: number): Markup {
  let x = 0
  const rects = bar.pieces.map((piece, index) => {
    const width = Math.round((piece.ms / scale) * WIDTH * 10) / 10
    const rect = html`<rect
      class="p${index % 6}"
      x="${Math.round(x * 10) / 10}"
      y="0"
      width="${Math.max(1, width)}"
      height="16"
      ><title>${piece.name}: ${timeText(piece.ms)}</title></rect
    >`
    x += width
    return rect
  })
  return html`<div class="bootrow">
    <div class="bootlabel">${bar.label} <b>${timeText(bar.total)}</b></div>
    <svg
      viewBox="0 0 ${WIDTH} 16"
      preserveAspectRatio="none"
      role="img"
      aria-label="${bar.pieces.map((piece) => `${piece.name} ${timeText(piece.ms)}`).join(', ')}"
    >
      ${rects}
    </svg>
    <div class="legend">
      ${bar.pieces.map((piece, index) => html`<span><i class="p${index % 6}" aria-hidden="true"></i>${piece.name} ${timeText(piece.ms)}</span> `)}
    </div>
  </div> `
}

function barsOf(subject: string, values: Record<string, number>): Bar[] {
  const groups = new Map<string, { name: string; ms: number }[]>()
  for (const [key, ms] of Object.entries(values)) {
    const dot = key.indexOf('.')
    const name = key.slice(dot + 1)
    if (dot < 1 || name === 'total' || !sensible(ms)) continue
    const group = key.slice(0, dot)
    groups.set(group, [...(groups.get(group) ?? []), { name, ms }])
  }
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return [...groups].slice(0, 6).map(([group, pieces]) => ({
    label: `${subject}, ${GROUP_TITLE[group] ?? group}`,
    pieces: pieces.slice(0, 12).sort((a, b) => rank(a.name) - rank(b.name)),
    total: pieces.reduce((sum, piece) => sum + piece.ms, 0),
  }))
}

function words(name: string): string {
  return name
    .replace(/Ms$/, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
}

function sensible(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0 && ms < 86_400_000
}
