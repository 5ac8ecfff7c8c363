import type { CellDetail, CellRunRow, FileRow } from '../../archive/read/cell-runs.ts'
import type { KnownIssue } from '../../known-issues/index.ts'
import { badge, flakyMark } from '../../reporters/html/badge.ts'
import { bootBars } from '../../reporters/html/boot-bars.ts'
import { checkTable } from '../../reporters/html/checks.ts'
import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import { bytesText, timeText } from '../../reporters/wording.ts'
import { isProblem, worstFirst } from '../../results/summary.ts'
import { usdText } from '../../results/usage.ts'
import type { Links } from '../links.ts'
import { ago, command, crumbs, dayOf, factsLine, part } from '../parts.ts'
import { problemPart } from '../problem-part.ts'
import { cellCommand, countsOf } from '../result-words.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface ResultData {
  row: CellRunRow
  detail: CellDetail
  files: readonly FileRow[]
  /** Names of files whose content is gone, and why. */
  gone: ReadonlyMap<string, string>
  /** The last lines of logs that belong to what failed, by name of the file. */
  tails: ReadonlyMap<string, string>
  /** Issues that explain a check of this result, by id of the check. */
  issues: ReadonlyMap<string, readonly KnownIssue[]>
}

/** One cell of one run: what failed and why, every judgement, logs, and how to see it again. */
export function resultPage(data: ResultData, links: Links, site: SiteContext): PageContent {
  const { row, detail } = data
  const checks = detail.checks ?? []
  const problems = worstFirst(checks.filter((record) => !record.baseline && isProblem(record)))
  const body = html`${crumbs([
      { text: 'Overview', href: links.home() },
      { text: row.image, href: links.grid(row.image) },
      { text: row.cell, href: links.cell(row.cell) },
      { text: dayOf(row.startedAt) },
    ])}
    <h1>${badge(row.status)} ${breakable(row.cell)}</h1>
    <p class="sub">
      ${row.flaky === 1 && flakyMark('it failed on another machine before')} Build <code>${row.build}</code>, judged
      ${ago(row.startedAt, site)} by <a href="${links.submitter(row.submitter)}">${row.submitter}</a>: ${countsOf(row)}.
    </p>
    ${row.state !== 'accepted' && html`<p class="notice bad">This result is ${row.state} and counts for nothing.</p>`}
    ${(problems.length > 0 || failed(data)) && part('problems', problems.length > 1 ? `${problems.length} judgements do not hold` : 'What does not hold', ownFailure(data), ...problems.map((record, at) => problemPart(record, data, at < 4, links)))}
    ${earlierAttempts(detail)}
    ${factsLine([
      ['run', html`<a href="${links.run(row.submission)}">${row.submission.slice(7, 19)}</a>`],
      [
        'image',
        row.digest === null
          ? undefined
          : html`<a href="${links.image(row.digest)}"><code>${row.digest.slice(0, 19)}</code></a>`,
      ],
      ['agent', detail.agent.name && `${detail.agent.name}, ${detail.agent.source}`],
      ['upgraded', detail.upgrade && `${detail.upgrade.from} → ${detail.upgrade.to}`],
      ['time', timeText(row.durationMs)],
      ['boots', String(row.boots)],
      ['attempt', row.attempt > 1 && String(row.attempt)],
      ['cost', row.usd !== null && `${usdText(row.usd)}, an estimate`],
    ])}
    ${detail.measured.length > 0 && part('boot', 'Boot time', bootBars(detail, html``))} ${filesPart(data, links)}
    ${part('judgements', `All ${checks.length} judgements`, detail.checks ? checkTable(checks) : html`<p class="empty">They are no longer kept; what failed is above.</p>`)}
    ${part('again', 'Run it again', command(cellCommand(row.cell), 'On a machine that can reach the platform'))}`
  return { title: `${row.cell} ${dayOf(row.startedAt)}`, section: undefined, body }
}

/** Whether the cell itself says what went wrong, besides its checks. */
function failed({ row, detail }: ResultData): boolean {
  return detail.error !== undefined || (row.status !== 'pass' && row.reason !== null)
}

function ownFailure(data: ResultData): Markup | false {
  if (!failed(data)) return false
  const { row, detail } = data
  const { error } = detail
  return html`<article class="problem e-${row.status}">
    <h3>${badge(row.status)} ${error?.name ?? 'Why'}</h3>
    <p>${error?.message ?? row.reason ?? ''}</p>
    ${error?.evidence && html`<pre tabindex="0">${error.evidence.slice(-8000)}</pre>`}
    ${error?.hint && html`<p>→ ${error.hint}</p>`}
  </article>`
}

function earlierAttempts({ earlier, warnings }: CellDetail): Markup {
  return html`${earlier.map((one) => html`<p class="warn">Attempt ${one.attempt} ended as ${one.status}${one.reason && `: ${one.reason}`}</p>`)}
  ${warnings.map((text) => html`<p class="warn">warning: ${text}</p>`)}`
}

function filesPart({ files, gone }: ResultData, links: Links): Markup | false {
  if (files.length === 0) return false as const
  return part(
    'files',
    'Logs and facts',
    html`<ul class="files">
      ${files.map((file) => {
        const why = gone.get(file.name)
        const marks = [bytesText(file.bytes), file.truncated === 1 ? 'cut' : '', file.phase ?? ''].filter(Boolean)
        return html`<li>
          ${why === undefined ? html`<a href="${links.log(file.digest)}">${file.name}</a>` : html`<s>${file.name}</s> <small>${why}</small>`}
          <small>${marks.join(', ')}</small>
        </li> `
      })}
    </ul>`,
  )
}
