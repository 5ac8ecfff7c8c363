import type { CellRunRow } from '../../archive/read/cell-runs.ts'
import { badge, flakyMark } from '../../reporters/html/badge.ts'
import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import { timeText } from '../../reporters/wording.ts'
import type { Links } from '../links.ts'
import { ago, command, crumbs, dayOf, empty, factsLine, part, scrolling, tag } from '../parts.ts'
import { bootText, cellCommand, countsOf } from '../result-words.ts'
import type { PageContent, SiteContext } from '../site-context.ts'
import { trend } from '../trend.ts'

export interface CellData {
  cell: string
  axes: Readonly<Record<string, string>>
  /** Newest first; also those that do not count. */
  results: readonly CellRunRow[]
  /** True when there are older ones that are not shown. */
  more: boolean
}

/** The history of one cell. */
export function cellPage({ cell, axes, results, more }: CellData, links: Links, site: SiteContext): PageContent {
  const counted = results.filter(({ state }) => state === 'accepted')
  const [newest] = counted
  const image = newest?.image ?? cell.split('/')[1] ?? ''
  const passed = counted.filter(({ status }) => status === 'pass').length
  const since = newest && sinceWhen(counted)
  const body = html`${crumbs([{ text: 'Overview', href: links.home() }, { text: image, href: links.grid(image) }, { text: cell }])}
    <h1>${newest && badge(newest.status)} ${breakable(cell)}</h1>
    ${newest && html`<p class="sub">${since} ${passed} of the last ${counted.length} results pass.</p>`}
    ${factsLine(Object.entries(axes).map(([name, value]) => [name, value]))}
    ${trend(
      counted
        .filter(({ bootMs }) => bootMs !== null)
        .reverse()
        .map((row) => ({
          label: row.build || dayOf(row.startedAt),
          value: row.bootMs ?? 0,
          status: row.status,
          href: links.result(row.uid),
        })),
      'Boot until the agent has finished',
    )}
    ${part('history', 'History', results.length === 0 ? empty('Nobody has judged this cell.') : history(results, links, site), more && html`<p class="dim">Older results are not shown.</p>`)}
    ${part('again', 'Run it again', command(cellCommand(cell), 'On a machine that can reach the platform'))}`
  return { title: cell, section: 'overview', body }
}

function sinceWhen(counted: readonly CellRunRow[]): string {
  const status = counted[0]?.status
  const other = counted.findIndex((row) => row.status !== status)
  const oldest = counted[other === -1 ? counted.length - 1 : other - 1]
  const word = status === 'pass' ? 'Passes' : status === 'fail' ? 'Fails' : 'Has been so'
  return oldest ? `${word} since ${dayOf(oldest.startedAt)}.` : ''
}

function history(results: readonly CellRunRow[], links: Links, site: SiteContext): Markup {
  return scrolling(
    'History',
    html`<table>
      <thead>
        <tr>
          <th scope="col">when</th>
          <th scope="col">build</th>
          <th scope="col">verdict</th>
          <th scope="col">judgements</th>
          <th scope="col" class="num">boot</th>
          <th scope="col" class="num">time</th>
          <th scope="col">submitter</th>
        </tr>
      </thead>
      <tbody>
        ${results.map(
          (row) =>
            html`<tr ${row.state !== 'accepted' && html`class="struck"`}>
              <th scope="row">
                <a href="${links.result(row.uid)}">${dayOf(row.startedAt)}</a>
                <small>${ago(row.startedAt, site)}</small>
              </th>
              <td>
                ${row.digest === null ? row.build : html`<a href="${links.image(row.digest)}"><code>${row.build}</code></a>`}
              </td>
              <td>
                ${badge(row.status)}${row.flaky === 1 && flakyMark('it failed on another machine before')}
                ${row.state !== 'accepted' && tag(row.state, 'bad')}
              </td>
              <td class="dim">${countsOf(row)}</td>
              <td class="num">${bootText(row)}</td>
              <td class="num">${timeText(row.durationMs)}</td>
              <td><a href="${links.submitter(row.submitter)}">${row.submitter}</a></td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}
