import type { FailureGroup, IssueHistory } from '../../known-issues/index.ts'
import { html, type Markup } from '../../reporters/html/markup.ts'
import type { Links } from '../links.ts'
import { empty, part, scrolling, tag, tiles } from '../parts.ts'
import type { PageContent } from '../site-context.ts'

export interface IssuesData {
  histories: readonly IssueHistory[]
  groups: readonly FailureGroup[]
}

/** What is known to go wrong, and the failures that nobody has explained. */
export function issuesPage({ histories, groups }: IssuesData, links: Links): PageContent {
  const seen = histories.filter(({ seen: count, goneSince }) => count > 0 && goneSince === undefined)
  const body = html`<h1>Known issues</h1>
    <p class="sub">
      Each is a reviewed file with the texts that tell it. A pattern may be new: it is looked for in old results too, so
      “first seen” is the first result that has it.
    </p>
    ${tiles([
      { value: String(histories.length), label: 'known issues' },
      { value: String(seen.length), label: 'still there', look: seen.length > 0 ? 'odd' : 'good' },
      {
        value: String(groups.length),
        label: 'kinds of failure nobody has explained',
        look: groups.length > 0 ? 'bad' : 'good',
      },
    ])}
    ${part('known', 'Issues', histories.length === 0 ? empty('No folder of known issues was given.') : issueTable(histories, links))}
    ${part('unknown', 'Not explained yet', groups.length === 0 ? empty('Every failure is explained.') : groupTable(groups, links))}`
  return { title: 'Known issues', section: 'issues', body }
}

function issueTable(histories: readonly IssueHistory[], links: Links): Markup {
  return scrolling(
    'Known issues',
    html`<table>
      <thead>
        <tr>
          <th scope="col">issue</th>
          <th scope="col">who must act</th>
          <th scope="col" class="num">results</th>
          <th scope="col">first seen</th>
          <th scope="col">last seen</th>
          <th scope="col">state</th>
        </tr>
      </thead>
      <tbody>
        ${histories.map(
          (history) =>
            html`<tr>
              <th scope="row">
                <a href="${links.issue(history.issue.id)}">${history.issue.id}</a>
                <span class="title">${history.issue.title}</span>
              </th>
              <td>${history.issue.culprit}</td>
              <td class="num">${history.seen}</td>
              <td>${history.firstSeen?.slice(0, 10) ?? '–'}</td>
              <td>${history.lastSeen?.slice(0, 10) ?? '–'}</td>
              <td>${stateTag(history)}</td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}

/** Whether an issue is there. */
export function stateTag({ seen, goneSince }: IssueHistory): Markup {
  if (seen === 0) return tag('not seen')
  return goneSince === undefined ? tag('there', 'bad') : tag(`gone since ${goneSince.slice(0, 10)}`, 'good')
}

function groupTable(groups: readonly FailureGroup[], links: Links): Markup {
  return scrolling(
    'Failures that no issue explains',
    html`<table>
      <thead>
        <tr>
          <th scope="col">check</th>
          <th scope="col">what it says</th>
          <th scope="col" class="num">times</th>
          <th scope="col" class="num">cells</th>
          <th scope="col">first seen</th>
          <th scope="col">last seen</th>
        </tr>
      </thead>
      <tbody>
        ${groups.slice(0, 100).map(
          (group) =>
            html`<tr id="${group.id}">
              <th scope="row">
                <a href="${links.check(group.check)}"><code>${group.check}</code></a>
              </th>
              <td class="says">
                <a href="${links.result(group.runs[0] ?? '')}">${group.example || 'nothing'}</a>
                <small title="the same failure has the same name everywhere">${group.id}</small>
              </td>
              <td class="num">${group.count}</td>
              <td class="num">${group.cells.length}</td>
              <td>${group.firstSeen.slice(0, 10)}</td>
              <td>${group.lastSeen.slice(0, 10)}</td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}
