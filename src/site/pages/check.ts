import type { FindingRow } from '../../archive/read/findings.ts'
import { badge } from '../../reporters/html/badge.ts'
import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import { explainCommand } from '../../reporters/wording.ts'
import type { Links } from '../links.ts'
import { ago, command, crumbs, dayOf, empty, part, tag, tiles } from '../parts.ts'
import { cellCommand } from '../result-words.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface CheckData {
  check: string
  /** Newest first: judgements that did not hold, with results that no longer count. */
  findings: readonly FindingRow[]
  /** Cells whose newest result it spoils. */
  now: ReadonlySet<string>
  more: boolean
}

const SHOWN = 50

/** One check over all cells: where it does not hold, what was seen, how to see it again. */
export function checkPage({ check, findings, now, more }: CheckData, links: Links, site: SiteContext): PageContent {
  const counted = findings.filter(({ state }) => state === 'accepted')
  const [newest] = counted
  const oldest = counted.at(-1)
  const body = html`${crumbs([{ text: 'Overview', href: links.home() }, { text: check }])}
    <h1><code>${check}</code></h1>
    ${newest && html`<p class="sub">Expected: ${newest.title}.</p>`}
    ${tiles([
      {
        value: String(now.size),
        label: now.size === 1 ? 'cell it fails in now' : 'cells it fails in now',
        look: now.size > 0 ? 'bad' : 'good',
      },
      { value: `${counted.length}${more ? '+' : ''}`, label: 'times it did not hold' },
      { value: oldest ? dayOf(oldest.startedAt) : '–', label: more ? 'oldest shown' : 'first seen' },
      { value: newest ? dayOf(newest.startedAt) : '–', label: 'last seen' },
    ])}
    ${part('explain', 'What it wants', command(explainCommand({ id: check, suite: newest?.suite === 'logs' ? 'logs' : 'policy' }), 'Tells why, where that is from, and how to repair an image'))}
    ${part('where', 'Where it did not hold', counted.length === 0 ? empty('Nowhere that is known.') : html`${counted.slice(0, SHOWN).map((finding, at) => card(finding, now.has(finding.cell), at < 3, links, site))}`, (more || counted.length > SHOWN) && html`<p class="dim">Older ones are not shown.</p>`)}`
  return { title: check, section: undefined, body }
}

function card(finding: FindingRow, still: boolean, open: boolean, links: Links, site: SiteContext): Markup {
  const { status, cell, uid, startedAt, build, excerpt, submitter } = finding
  return html`<article class="problem e-${status}">
    <details ${open && html`open`}>
      <summary>
        <h3>${badge(status)} ${breakable(cell)}</h3>
        <small>build ${build}, ${ago(startedAt, site)} by ${submitter}</small> ${still && tag('still', 'bad')}
      </summary>
      <pre tabindex="0">${excerpt.slice(0, 4000)}</pre>
      <dl>
        <dt>Result</dt>
        <dd>
          <a href="${links.result(uid)}">${dayOf(startedAt)}</a>, with logs ·
          <a href="${links.cell(cell)}">history of the cell</a>
        </dd>
        <dt>Reproduce</dt>
        <dd><code>${cellCommand(cell)}</code></dd>
      </dl>
    </details>
  </article> `
}
