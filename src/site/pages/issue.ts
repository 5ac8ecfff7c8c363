import type { IssueHistory } from '../../known-issues/index.ts'
import { breakable, html, sourceLink, type Markup } from '../../reporters/html/markup.ts'
import type { Links } from '../links.ts'
import { crumbs, empty, factsLine, part, scrolling } from '../parts.ts'
import type { PageContent } from '../site-context.ts'
import { stateTag } from './issues.ts'

/** One known issue: how it is told, and where it was seen. */
export function issuePage(history: IssueHistory, links: Links): PageContent {
  const { issue, seen, looked, firstSeen, lastSeen, incidents } = history
  const when = Object.entries(issue.when ?? {}).map(([axis, globs]) => `${axis} is ${[globs].flat().join(' or ')}`)
  const body = html`${crumbs([{ text: 'Known issues', href: links.section('issues') }, { text: issue.id }])}
    <h1>${issue.title}</h1>
    <p class="sub">${stateTag(history)} <code>${issue.id}</code>, version ${issue.version}</p>
    ${factsLine([
      ['who must act', issue.culprit],
      ['first seen', firstSeen?.slice(0, 10)],
      ['last seen', lastSeen?.slice(0, 10)],
      ['results', seen === 0 ? undefined : `${seen} of ${looked} that were looked through`],
      ['tracker', issue.url === undefined ? undefined : sourceLink(issue.url)],
    ])}
    ${part(
      'pattern',
      'How it is told',
      html`<dl class="wide-list">
        <dt>Where</dt>
        <dd>
          ${issue.where?.join(', ') ?? 'in every log and check'}${when.length > 0 && `, when ${when.join(' and ')}`}
        </dd>
        <dt>Contains</dt>
        <dd>${issue.contains.map((literal) => html`<code>${literal}</code> `)}</dd>
        ${
          issue.match !== undefined &&
          html`<dt>Matches</dt>
            <dd><code>${issue.match}</code></dd>`
        }
        <dt>For example</dt>
        <dd><pre tabindex="0">${issue.samples.hit[0]?.slice(0, 2000)}</pre></dd>
      </dl>`,
    )}
    ${part('seen', 'Where it was seen', incidents.length === 0 ? empty('In no result that is known.') : seenTable(history, links))}`
  return { title: issue.title, section: 'issues', body }
}

function seenTable({ incidents }: IssueHistory, links: Links): Markup {
  return scrolling(
    'Where it was seen',
    html`<table>
      <thead>
        <tr>
          <th scope="col">when</th>
          <th scope="col">cell</th>
          <th scope="col">check</th>
          <th scope="col">text</th>
        </tr>
      </thead>
      <tbody>
        ${incidents.slice(0, 100).map(
          ({ at, cell, cellRun, check, excerpt }) =>
            html`<tr>
              <th scope="row"><a href="${links.result(cellRun)}">${at.slice(0, 10)}</a></th>
              <td>
                <a href="${links.cell(cell)}">${breakable(cell)}</a>
              </td>
              <td>${check === undefined ? '–' : html`<code>${check}</code>`}</td>
              <td class="says"><code>${excerpt ?? ''}</code></td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}
