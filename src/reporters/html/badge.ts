import type { Status } from '../../results/status.ts'
import type { Counts } from '../../results/summary.ts'
import { STATUS_STYLE } from '../status-style.ts'
import { html, type Markup } from './markup.ts'

/** Glyph and word of a status. */
export function badge(status: Status, word: string = STATUS_STYLE[status].word): Markup {
  return html`<span class="badge s-${status}"
    ><span aria-hidden="true">${STATUS_STYLE[status].glyph}</span> ${word}</span
  >`
}

const FLAKY_GLYPH = '⚡'

/** Stands beside the badge of a pass that was a failure on another machine. */
export function flakyMark(reason: string): Markup {
  return html` <span class="s-miss" title="${reason}"><span aria-hidden="true">${FLAKY_GLYPH}</span> flaky</span>`
}

/** Counts as small glyphs, worst first: `✘2 ✔36 –1`, with words for who cannot see them. */
export function tally(counts: Counts): Markup {
  const shown = (['fail', 'error', 'miss', 'pass', 'done', 'skip'] as const).filter((status) => counts[status] > 0)
  const parts = shown.map((status) => ({ ...STATUS_STYLE[status], name: status as string, count: counts[status] }))
  if (counts.waived > 0)
    parts.splice(1, 0, { ...STATUS_STYLE.skip, glyph: '~', word: 'waived', name: 'skip', count: counts.waived })
  if (counts.flaky > 0)
    parts.push({ ...STATUS_STYLE.miss, glyph: FLAKY_GLYPH, word: 'flaky', name: 'miss', count: counts.flaky })
  if (parts.length === 0) return html`<span class="none">–</span>`
  return html`<span class="tally">${parts.map(part)}</span>`
}

function part({ name, glyph, word, count }: { name: string; glyph: string; word: string; count: number }): Markup {
  return html`<span class="s-${name}" title="${count} ${word}"
    ><span aria-hidden="true">${glyph}</span>${count}<span class="sr"> ${word}, </span></span
  > `
}
