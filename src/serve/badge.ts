import type { CellRunRow } from '../archive/read/cell-runs.ts'
import { STATUS_ORDER, type Status } from '../results/status.ts'
import { xml } from './feed.ts'

export interface BadgeState {
  word: string
  color: string
}

const COLORS: Readonly<Record<Status, string>> = {
  fail: '#b42318',
  error: '#a15c07',
  miss: '#5f6b7a',
  pass: '#1a7f4b',
  done: '#2563a8',
  skip: '#5f6b7a',
}
const GREY = '#5f6b7a'

/** The worst of some results. Nothing judged, or judged too long ago, is never green. */
export function badgeState(newest: readonly CellRunRow[], options: { now: number; staleMs: number }): BadgeState {
  if (newest.length === 0) return { word: 'missing', color: GREY }
  const worst = STATUS_ORDER.find((status) => newest.some((row) => row.status === status)) ?? 'miss'
  const stale = newest.some(({ startedAt }) => startedAt < options.now - options.staleMs)
  if (stale && (worst === 'pass' || worst === 'done' || worst === 'skip')) return { word: 'stale', color: GREY }
  return { word: worst, color: COLORS[worst] }
}

/** A badge as others know them, with a title for who cannot see it. */
export function badgeSvg(label: string, { word, color }: BadgeState): string {
  const width = (text: string) => 10 + text.length * 6.5
  const [left, right] = [width(label), width(word)]
  const all = left + right
  const title = `${xml(label)}: ${xml(word)}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${all}" height="20" role="img" aria-label="${title}"><title>${title}</title><clipPath id="r"><rect width="${all}" height="20" rx="3"/></clipPath><g clip-path="url(#r)"><rect width="${left}" height="20" fill="#3d4450"/><rect x="${left}" width="${right}" height="20" fill="${color}"/></g><g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><text x="${left / 2}" y="14">${xml(label)}</text><text x="${left + right / 2}" y="14">${xml(word)}</text></g></svg>
`
}
