import { badge } from '../reporters/html/badge.ts'
import { html, sourceLink, type Markup } from '../reporters/html/markup.ts'
import { explainCommand, failureLines } from '../reporters/wording.ts'
import type { CheckRecord } from '../results/check-record.ts'
import type { Links } from './links.ts'
import type { ResultData } from './pages/result.ts'
import { cellCommand } from './result-words.ts'
import { tag } from './parts.ts'

/** A judgement that does not hold: what should be true, what was seen, what the log says, why it matters, how to see it again. */
export function problemPart(record: CheckRecord, data: ResultData, open: boolean, links: Links): Markup {
  const { row, files, tails } = data
  const logs = files.filter(({ name }) => (record.attachments ?? []).some((path) => path.endsWith(name)))
  const known = data.issues.get(record.id) ?? []
  return html`<article class="problem e-${record.status}" id="${`check-${record.id}-${record.phase ?? ''}`}">
    <details ${open && html`open`}>
      <summary>
        <h3>${badge(record.status)} <code>${record.id}</code></h3>
        <small>${[record.suite, record.severity, record.phase, record.subject].filter(Boolean).join(' · ')}</small>
        ${known.map(({ id }) => tag(`known: ${id}`, 'odd'))}
        <span class="expected">Expected: ${record.title}.</span>
      </summary>
      ${record.reason !== undefined && html`<p>${record.reason}</p>`}
      ${record.errors.slice(0, 5).map((error) => html`<pre tabindex="0">${failureLines(error, 40).join('\n').slice(0, 6000)}</pre>`)}
      ${logs
        .filter(({ name }) => tails.has(name))
        .slice(0, 3)
        .map(
          ({ name, digest }) =>
            html`<p class="log-name">Last lines of <a href="${links.log(digest)}">${name}</a></p>
              <pre class="log" tabindex="0">${tails.get(name) ?? ''}</pre>`,
        )}
      <dl>
        ${known.map(
          (issue) =>
            html`<dt>Known as</dt>
              <dd><a href="${links.issue(issue.id)}">${issue.id}</a>: ${issue.title}</dd>`,
        )}
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
        <dt>Reproduce</dt>
        <dd><code>${cellCommand(row.cell)}</code></dd>
        <dt>Explain</dt>
        <dd><code>${explainCommand(record)}</code></dd>
        <dt>Elsewhere</dt>
        <dd><a href="${links.check(record.id)}">how this check does in other cells</a></dd>
      </dl>
    </details>
  </article> `
}
