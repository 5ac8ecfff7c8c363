import { html, type Markup } from '../reporters/html/markup.ts'
import { STATUS_STYLE } from '../reporters/status-style.ts'
import type { Status } from '../results/status.ts'
import type { SiteContext } from './site-context.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A moment for people, as a length of time; the moment itself stands beside it. */
export function ago(at: number, { now }: Pick<SiteContext, 'now'>): Markup {
  const text = new Date(at).toISOString()
  const day = text.slice(0, 10)
  return html`<time datetime="${text}" title="${text.replace('T', ' ').slice(0, 16)} UTC"
    >${agoText(now - at, day)}</time
  >`
}

function agoText(ms: number, day: string): string {
  if (ms < 0) return day
  if (ms < 2 * MINUTE) return 'now'
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} min ago`
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h ago`
  return ms < 60 * DAY ? `${Math.floor(ms / DAY)} days ago` : day
}

/** A length of time in whole days: `14 days`. */
export function daysText(ms: number): string {
  const days = Math.round(ms / DAY)
  return `${days} ${days === 1 ? 'day' : 'days'}`
}

/** The day of a moment. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** How a result is painted: its status, or nothing where nobody has judged. */
export interface MarkOptions {
  status: Status | undefined
  flaky?: boolean
  stale?: boolean
  waived?: boolean
  /** More than the status and the headings of the table say. */
  text?: string
  href?: string
}

/**
 * One square of a grid: a glyph and a colour, and a word for who sees neither. There are thousands of them on a page, and their row and
 * column have headings, so they say no more than they must.
 */
export function mark({ status, flaky, stale, waived, text, href }: MarkOptions): Markup {
  if (status === undefined || href === undefined)
    return html`<span class="mark m-none" role="img" aria-label="not judged">·</span>`
  const { glyph, word } = STATUS_STYLE[status]
  const look = `mark m-${status}${stale ? ' stale' : ''}${waived ? ' waived' : ''}`
  const name = `${flaky ? 'flaky' : word}${stale ? ', stale' : ''}${waived ? ', waived' : ''}`
  return html`<a class="${look}" href="${href}" aria-label="${name}" ${text !== undefined && html`title="${text}"`}
    >${flaky ? '⚡' : glyph}</a
  >`
}

/** A row of words with values. */
export function factsLine(facts: readonly (readonly [string, string | Markup | undefined | false])[]): Markup {
  const shown = facts.filter(([, value]) => value !== undefined && value !== false && value !== '')
  return html`<dl class="facts-line">
    ${shown.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div> `,
    )}
  </dl>`
}

/** Numbers at the head of a page. */
export function tiles(all: readonly { value: string; label: string; look?: string }[]): Markup {
  return html`<ul class="tiles">
    ${all.map(
      ({ value, label, look }) =>
        html`<li class="tile ${look ?? ''}"><strong>${value}</strong><span>${label}</span></li> `,
    )}
  </ul>`
}

/** A command to copy. */
export function command(text: string, label: string): Markup {
  return html`<figure class="command">
    <figcaption>${label}</figcaption>
    <pre tabindex="0"><code>${text}</code></pre>
  </figure>`
}

/** What stands where there is nothing, and why. */
export function empty(text: string): Markup {
  return html`<p class="empty">${text}</p>`
}

/** A table that scrolls by itself where there is no room, also by keyboard. */
export function scrolling(label: string, table: Markup): Markup {
  return html`<div class="scroll" role="group" aria-label="${label}" tabindex="0">${table}</div>`
}

/** Where a page is. */
export function crumbs(path: readonly { text: string; href?: string }[]): Markup {
  return html`<nav class="crumbs" aria-label="Where this is">
    <ol>
      ${path.map(({ text, href }) => html`<li>${href === undefined ? text : html`<a href="${href}">${text}</a>`}</li> `)}
    </ol>
  </nav>`
}

/** A label such as `approved`. */
export function tag(text: string, look = ''): Markup {
  return html`<span class="tag ${look}">${text}</span>`
}

/** A heading of level 2 and what it is about, as one region. */
export function part(id: string, title: string, ...content: (Markup | false | undefined)[]): Markup {
  return html`<section class="part" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`
}
