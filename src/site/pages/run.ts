import type { CellRunRow } from '../../archive/read/cell-runs.ts'
import type { RunRow } from '../../archive/read/runs.ts'
import type { SubmissionRow } from '../../archive/read/submissions.ts'
import { badge, flakyMark } from '../../reporters/html/badge.ts'
import { breakable, html, sourceLink } from '../../reporters/html/markup.ts'
import { timeText } from '../../reporters/wording.ts'
import type { Links } from '../links.ts'
import { ago, crumbs, dayOf, factsLine, part, scrolling, tiles } from '../parts.ts'
import { bootText, countsOf } from '../result-words.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface RunData {
  run: RunRow
  cells: readonly CellRunRow[]
  submission: SubmissionRow & { retractedBy: readonly { submission: string; reason: string; at: number }[] }
}

/** One run as it was submitted. */
export function runPage({ run, cells, submission }: RunData, links: Links, site: SiteContext): PageContent {
  const count = (status: string) => cells.filter((row) => row.status === status).length
  const body = html`${crumbs([{ text: 'Overview', href: links.home() }, { text: run.runId }])}
    <h1>${badge(run.status)} ${breakable(run.runId)}</h1>
    <p class="sub">
      ${run.cells} ${run.cells === 1 ? 'cell' : 'cells'} in ${timeText(run.durationMs)}, started
      ${ago(run.startedAt, site)} by
      <a href="${links.submitter(run.submitter)}">${run.submitter}</a>.
    </p>
    ${submission.retractedBy.map((by) => html`<p class="notice bad">Taken back on ${dayOf(by.at)}: ${by.reason} It counts for nothing any more, and stays to be seen.</p>`)}
    ${submission.state === 'distrusted' && html`<p class="notice bad">The key that signed this was in wrong hands: it counts for nothing.</p>`}
    ${tiles([
      { value: String(count('pass')), label: 'cells pass', look: count('pass') > 0 ? 'good' : '' },
      {
        value: String(count('fail') + count('error')),
        label: 'cells fail',
        look: count('fail') + count('error') > 0 ? 'bad' : '',
      },
      { value: String(count('miss')), label: 'not judged', look: count('miss') > 0 ? 'odd' : '' },
    ])}
    ${factsLine([
      ['started', `${dayOf(run.startedAt)} ${new Date(run.startedAt).toISOString().slice(11, 16)} UTC`],
      ['harness', run.harness],
      ['made from', run.format],
      ['started by', run.triggerKind],
      ['source', run.triggerUrl === null ? undefined : sourceLink(run.triggerUrl)],
      ['part', run.parts > 1 && `${run.part} of ${run.parts}`],
      ['submission', html`<code title="${run.submission}">${run.submission.slice(7, 19)}</code>, number ${run.seq}`],
      [
        'signed with',
        html`<code title="${submission.credential}"
          >${submission.credential.replace('sha256:', '').slice(0, 16)}</code
        >`,
      ],
    ])}
    ${part(
      'cells',
      'Cells',
      scrolling(
        'Cells of the run',
        html`<table>
          <thead>
            <tr>
              <th scope="col">cell</th>
              <th scope="col">verdict</th>
              <th scope="col">judgements</th>
              <th scope="col" class="num">boot</th>
              <th scope="col" class="num">time</th>
            </tr>
          </thead>
          <tbody>
            ${cells.map(
              (row) =>
                html`<tr>
                  <th scope="row"><a href="${links.result(row.uid)}">${breakable(row.cell)}</a></th>
                  <td>${badge(row.status)}${row.flaky === 1 && flakyMark('it failed on another machine before')}</td>
                  <td class="dim">${countsOf(row)}</td>
                  <td class="num">${bootText(row)}</td>
                  <td class="num">${timeText(row.durationMs)}</td>
                </tr> `,
            )}
          </tbody>
        </table>`,
      ),
    )}`
  return { title: run.runId, section: undefined, body }
}
