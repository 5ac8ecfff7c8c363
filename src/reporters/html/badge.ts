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

/** Counts as small glyphs, worst first: `✘2 ✔36 –1`, with words for who cannot see them. */
export function tally(counts: Counts): Markup {
  const shown = (['fail', 'error', 'miss', 'pass', 'done', 'skip'] as const).filter((status) => counts[status] > 0)
  if (shown.length === 0) return html`<span class="none">–</span>`
  return html`<span class="tally"
    >${shown.map(
      (status) =>
        html`<span class="s-${status}" title="${counts[status]} ${STATUS_STYLE[status].word}"
          ><span aria-hidden="true">${STATUS_STYLE[status].glyph}</span>${counts[status]}<span class="sr">
            ${STATUS_STYLE[status].word},
          </span></span
        > `,
    )}</span
  >`
}
