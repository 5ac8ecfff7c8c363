import { plural } from '../../core/text.ts'
import type { WaiverRow } from '../../archive/read/people.ts'
import type { WaiverWork } from '../../archive/read/waiver-work.ts'
import { html, sourceLink, type Markup } from '../../reporters/html/markup.ts'
import type { Links } from '../links.ts'
import { dayOf, empty, part, tag } from '../parts.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface WaiversData {
  waivers: readonly WaiverRow[]
  /** Of those in force, by submission. */
  work: ReadonlyMap<string, WaiverWork>
}

const DAY = 86_400_000

/** Failures that do not count for a while, those that end first on top. */
export function waiversPage({ waivers, work }: WaiversData, links: Links, site: SiteContext): PageContent {
  const active = waivers.filter((one) => isInForce(one, site)).sort((a, b) => a.until - b.until)
  const others = waivers.filter((one) => !active.includes(one)).sort((a, b) => b.until - a.until)
  const body = html`<h1>Waivers</h1>
    <p class="sub">
      A waiver is signed, has a reason, and ends: on its last day, when what it excuses has passed twice in a row, or
      when it is taken back. It never changes a status: it stands beside the result. A gate honours one only when
      somebody else than the maker of the result has signed it.
    </p>
    ${part('active', `In force: ${active.length}`, active.length === 0 ? empty('No failure is waived.') : list(active, work, links, site))}
    ${others.length > 0 && part('over', `Over: ${others.length}`, list(others.slice(0, 100), work, links, site))}`
  return { title: 'Waivers', section: 'waivers', body }
}

/** Whether a waiver counts at the moment of the page. */
export function isInForce({ state, from, until }: WaiverRow, { now }: SiteContext): boolean {
  return state === 'accepted' && until >= now && from <= now
}

function list(waivers: readonly WaiverRow[], work: WaiversData['work'], links: Links, site: SiteContext): Markup {
  return html`<ul class="cards">
    ${waivers.map((waiver) => card(waiver, work.get(waiver.submission), links, site))}
  </ul>`
}

function card(waiver: WaiverRow, work: WaiverWork | undefined, links: Links, site: SiteContext): Markup {
  const left = Math.ceil((waiver.until - site.now) / DAY)
  const whole = Math.max(1, waiver.until - waiver.from)
  const share = Math.min(1, Math.max(0, (waiver.until - site.now) / whole))
  const over = waiver.state !== 'accepted' || left <= 0
  const words =
    waiver.state !== 'accepted'
      ? waiver.state
      : waiver.from > site.now
        ? `begins ${dayOf(waiver.from)}`
        : left <= 0
          ? `ended ${dayOf(waiver.until)}`
          : left === 1
            ? 'the last day'
            : `${left} days left`
  const globs = (all: readonly string[]) => all.map((glob) => html`<code>${glob}</code> `)
  return html`<li class="card ${over && 'over'}">
    <h3>${waiver.id} ${tag(words, over ? '' : left <= 7 ? 'bad' : left <= 21 ? 'odd' : 'good')}</h3>
    ${
      !over &&
      html`<svg
        class="share"
        viewBox="0 0 120 6"
        preserveAspectRatio="none"
        role="img"
        aria-label="${words} of ${Math.round(whole / DAY)}"
      >
        <rect class="none-bar" width="120" height="6" />
        <rect class="${left <= 7 ? 'bad-bar' : 'fresh-bar'}" width="${Math.round(share * 1200) / 10}" height="6" />
      </svg>`
    }
    <p>${waiver.reason}</p>
    ${work && work.done > 0 && html`<p>${workDone(work)}</p>`}
    <dl>
      <dt>Checks</dt>
      <dd>${globs(waiver.checks)}</dd>
      <dt>Cells</dt>
      <dd>${globs(waiver.cells)}</dd>
      <dt>Images</dt>
      <dd>${globs(waiver.images)}</dd>
      ${
        waiver.missing === 1 &&
        html`<dt>Also</dt>
          <dd>missing results</dd>`
      }
      <dt>Until</dt>
      <dd>${dayOf(waiver.until)}</dd>
      <dt>Tracker</dt>
      <dd>${sourceLink(waiver.tracker)}</dd>
      <dt>Signed by</dt>
      <dd><a href="${links.submitter(waiver.submitter)}">${waiver.submitter}</a></dd>
      <dt>Submission</dt>
      <dd><code class="digest">${waiver.submission}</code></dd>
    </dl>
  </li> `
}

function workDone({ about, done, doneAt }: WaiverWork): Markup {
  return done === about
    ? html`${tag('no longer needed', 'good')} Everything it is about passed twice in a row, the last on
      ${dayOf(doneAt)}.`
    : html`${done} of ${plural(about, 'failure')} passed twice in a row since: it excuses them no longer.`
}
