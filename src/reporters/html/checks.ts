import type { CheckRecord } from '../../results/check-record.ts'
import { worstFirst } from '../../results/summary.ts'
import { explainCommand, failureLines, judgedAt, timeText, waiverText } from '../wording.ts'
import type { Problem } from '../problems.ts'
import { badge, flakyMark } from './badge.ts'
import { fileLink, html, sourceLink, type Markup } from './markup.ts'

/** A failed check in full: what should be true, what was seen, why it matters, how to repair it. */
export function problemCard({ record, where }: Problem, open: boolean): Markup {
  return html`<article class="problem e-${record.status}"><details${open && html` open`}>
    <summary><h4>${badge(record.status)} <code>${record.id}</code> <small>${[record.suite, record.severity, where].filter(Boolean).join(' · ')}</small></h4><span class="expected">Expected: ${record.title}.</span></summary>
    ${record.errors.slice(0, 5).map(
      (error) =>
        html`<pre tabindex="0">${failureLines(error, 40).join('\n').slice(0, 6000)}</pre>
          ${error.at && html`<p class="at">at <code>${error.at}</code></p>`}`,
    )}
    ${record.errors.length > 5 && html`<p>… and ${record.errors.length - 5} more.</p>`}
    ${record.reason !== undefined && html`<p>${record.reason}</p>`}
    <dl>
      ${
        record.about &&
        html`<dt>Why</dt>
          <dd>${record.about.because}</dd>
          ${
            record.about.fix &&
            html`<dt>Fix</dt>
              <dd><code>${record.about.fix}</code></dd>`
          }
          <dt>Source</dt>
          <dd>${sourceLink(record.about.source)}</dd>`
      }
      <dt>More</dt>
      <dd><code>${explainCommand(record)}</code></dd>
      ${
        record.attachments &&
        record.attachments.length > 0 &&
        html`<dt>Logs</dt>
          <dd>
            ${record.attachments.slice(0, 20).map((path) => html`${fileLink(path, path.split('/').at(-1) ?? path)} `)}
          </dd>`
      }
    </dl></details>
  </article> `
}

/** Every judgement of a cell, worst first, the baseline last; rows are found by the filter of the page. */
export function checkTable(records: readonly CheckRecord[]): Markup {
  const counted = worstFirst(records.filter((record) => !record.baseline))
  const baseline = worstFirst(records.filter((record) => record.baseline))
  return html`<div class="scroll">
    <table class="checks">
      <thead>
        <tr>
          <th scope="col">status</th>
          <th scope="col">check</th>
          <th scope="col">suite</th>
          <th scope="col">judged</th>
          <th scope="col" class="num">time</th>
        </tr>
      </thead>
      <tbody>
        ${[...counted, ...baseline].map(row)}
      </tbody>
    </table>
  </div>`
}

function row(record: CheckRecord): Markup {
  const notes = [
    ...(record.earlier ?? []).map(
      ({ attempt, status, errors, reason }) => `attempt ${attempt}: ${status}: ${errors[0]?.message ?? reason ?? ''}`,
    ),
    record.flaky && !record.earlier ? 'flaky: failed before it passed' : '',
    waiverText(record),
    record.status === 'skip' || record.status === 'miss' ? (record.reason ?? '') : '',
    record.status === 'fail' || record.status === 'error' ? (record.errors[0]?.message ?? '') : '',
    ...(record.measurements ?? []).map(({ name, value, unit }) => `${name} ${value} ${unit}`),
  ].filter(Boolean)
  return html`<tr
    data-status="${record.waived ? 'waived' : record.flaky ? 'flaky' : record.status}"
    ${record.baseline && html` class="baseline"`}
  >
    <td>${badge(record.status)}${record.flaky && flakyMark('failed on another machine before')}</td>
    <td>
      <code>${record.id}</code>
      <span class="title">${record.title}</span
      >${notes.map((note) => html`<span class="note">${note.slice(0, 600)}</span>`)}
    </td>
    <td>${record.suite} <small>${record.severity}</small></td>
    <td>${judgedAt(record) || '–'}</td>
    <td class="num">${timeText(record.durationMs)}</td>
  </tr> `
}
