import type { CellRunRow } from '../../archive/read/cell-runs.ts'
import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import type { Links } from '../links.ts'
import { ago, daysText, empty, part, scrolling, tiles } from '../parts.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface CoverageData {
  /** The newest result of every cell, whatever its build. */
  newest: readonly CellRunRow[]
  /** Cells that plans name. */
  planned: readonly string[]
  /** Who submitted results of a cell at all, by cell. */
  fillers: ReadonlyMap<string, readonly string[]>
}

const LISTED = 400

/** Who fills which cells, what nobody fills, what is stale. */
export function coveragePage({ newest, planned, fillers }: CoverageData, links: Links, site: SiteContext): PageContent {
  const filled = new Set(newest.map(({ cell }) => cell))
  const nobody = planned.filter((cell) => !filled.has(cell))
  const stale = newest
    .filter((row) => site.now - row.startedAt > site.staleMs)
    .sort((a, b) => a.startedAt - b.startedAt)
  const fresh = newest.length - stale.length
  const all = newest.length + nobody.length
  const lonely = newest.filter(({ cell }) => (fillers.get(cell)?.length ?? 0) === 1).length
  const body = html`<h1>Coverage</h1>
    <p class="sub">
      A cell is fresh when somebody judged it within ${daysText(site.staleMs)}. What nobody judges is never a pass.
    </p>
    ${tiles([
      {
        value: all === 0 ? '–' : `${Math.floor((100 * fresh) / all)} %`,
        label: 'of the cells are fresh',
        look: fresh === all && all > 0 ? 'good' : '',
      },
      { value: String(fresh), label: 'fresh' },
      { value: String(stale.length), label: 'stale', look: stale.length > 0 ? 'odd' : '' },
      { value: String(nobody.length), label: 'planned, and nobody fills them', look: nobody.length > 0 ? 'bad' : '' },
      { value: String(lonely), label: 'depend on one submitter' },
    ])}
    ${part('who', 'Who fills what', all === 0 ? empty('No cell is known.') : whoTable(newest, nobody, fillers, links, site))}
    ${part(
      'nobody',
      `Nobody fills ${nobody.length} ${nobody.length === 1 ? 'cell' : 'cells'}`,
      nobody.length === 0
        ? empty('Every cell that was planned has a result.')
        : html`<ul class="cells">
            ${nobody.slice(0, LISTED).map((cell) => html`<li>${breakable(cell)}</li> `)}
          </ul>`,
      nobody.length > LISTED && html`<p class="dim">… and ${nobody.length - LISTED} more.</p>`,
    )}
    ${part(
      'stale',
      `${stale.length} stale ${stale.length === 1 ? 'cell' : 'cells'}`,
      stale.length === 0
        ? empty('No result is too old.')
        : html`<ul class="cells">
            ${stale.slice(0, LISTED).map((row) => html`<li><a href="${links.cell(row.cell)}">${breakable(row.cell)}</a> <small>${ago(row.startedAt, site)}</small></li> `)}
          </ul>`,
      stale.length > LISTED && html`<p class="dim">… and ${stale.length - LISTED} more.</p>`,
    )}`
  return { title: 'Coverage', section: 'coverage', body }
}

interface Share {
  fresh: number
  stale: number
  nobody: number
  submitters: Map<string, number>
}

function whoTable(
  newest: readonly CellRunRow[],
  nobody: readonly string[],
  fillers: CoverageData['fillers'],
  links: Links,
  site: SiteContext,
): Markup {
  const shares = new Map<string, Share>()
  const shareOf = (cell: string): Share => {
    const [platform = '', image = ''] = cell.split('/')
    const key = `${image}/${platform}`
    const share = shares.get(key) ?? { fresh: 0, stale: 0, nobody: 0, submitters: new Map<string, number>() }
    shares.set(key, share)
    return share
  }
  for (const row of newest) {
    const share = shareOf(row.cell)
    if (site.now - row.startedAt > site.staleMs) share.stale++
    else share.fresh++
    for (const name of fillers.get(row.cell) ?? [row.submitter])
      share.submitters.set(name, (share.submitters.get(name) ?? 0) + 1)
  }
  for (const cell of nobody) shareOf(cell).nobody++
  const rows = [...shares].sort(([a], [b]) => (a < b ? -1 : 1))
  return scrolling(
    'Who fills what',
    html`<table>
      <thead>
        <tr>
          <th scope="col">image</th>
          <th scope="col">platform</th>
          <th scope="col">cells</th>
          <th scope="col" class="num">fresh</th>
          <th scope="col" class="num">stale</th>
          <th scope="col" class="num">nobody</th>
          <th scope="col">submitters</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(([key, share]) => {
          const [image = '', platform = ''] = key.split('/')
          const names = [...share.submitters].sort(([a], [b]) => (a < b ? -1 : 1))
          return html`<tr>
            <th scope="row"><a href="${links.grid(image)}">${image}</a></th>
            <td>${platform}</td>
            <td>${bar(share)}</td>
            <td class="num">${share.fresh}</td>
            <td class="num">${share.stale || '–'}</td>
            <td class="num">${share.nobody || '–'}</td>
            <td>
              ${names.length === 0 ? html`<span class="none">nobody</span>` : names.map(([name, count]) => html`<a href="${links.submitter(name)}">${name}</a> <small>${count}</small> `)}
            </td>
          </tr> `
        })}
      </tbody>
    </table>`,
  )
}

/** Shares of one line as lengths. The numbers stand beside it. */
function bar({ fresh, stale, nobody }: Share): Markup {
  const all = Math.max(1, fresh + stale + nobody)
  const width = (count: number) => Math.round((count / all) * 1200) / 10
  return html`<svg class="share" viewBox="0 0 120 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="none-bar" width="120" height="10" />
    <rect class="stale-bar" width="${width(fresh + stale)}" height="10" />
    <rect class="fresh-bar" width="${width(fresh)}" height="10" />
  </svg>`
}
