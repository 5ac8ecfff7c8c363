import { createHash } from 'node:crypto'
import type { CellModel, RunModel } from '../../results/run-model.ts'
import { addCounts, countChecks, countedChecks, leaksOf } from '../../results/summary.ts'
import { runCostText } from '../cost.ts'
import { STATUS_STYLE } from '../status-style.ts'
import { countsText, shownStatus, timeText, verdictText } from '../wording.ts'
import { cellSection, type Excerpts } from './cell.ts'
import { html, Markup } from './markup.ts'
import { notSelectedTable } from './not-selected.ts'
import { foldedMatrix, matrixTable } from './matrix.ts'
import { problemOverview } from './overview.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

/** Folder with the pages of single cells, where a run has too many for one page. */
export const CELL_PAGES = 'cell-pages'

/** The run as one page that needs nothing but itself and the logs beside it. */
export function htmlReport(run: RunModel, excerpts: Excerpts = new Map()): string {
  const details = html`<section aria-labelledby="details">
    <h2 id="details">Details</h2>
    ${filterBar()} ${run.cells.map((cell, index) => cellSection(run, index, cell, excerpts))}
  </section>`
  return page(
    run,
    html`${leaks(run)} ${matrixTable(run, (index) => `#cell-${index + 1}`)} ${details} ${notSelectedTable(run)}
    ${excluded(run)}`,
  )
}

/** All cells of a large run, each leading to its own page. */
export function indexPage(run: RunModel): string {
  const linkTo = (index: number) => `${CELL_PAGES}/${index + 1}.html`
  return page(
    run,
    html`${leaks(run)} ${problemOverview(run, linkTo)} ${foldedMatrix(run, linkTo)} ${notSelectedTable(run)}
    ${excluded(run)}`,
  )
}

/** The page of one cell of a large run. */
export function cellPage(run: RunModel, index: number, cell: CellModel, excerpts: Excerpts): string {
  const body = html`<p><a href="index.html">All ${run.cells.length} cells</a></p>
    ${filterBar()} ${cellSection(run, index, cell, excerpts, true)}`
  const glyph = STATUS_STYLE[cell.status].glyph
  const text = frame(`${glyph} ${cell.summary.id} · ${run.runId}`, html`<main>${body}</main>`)
  // The page lies in a folder of its own; links are relative to the folder of the run.
  return text.replaceAll('href="cells/', 'href="../cells/').replaceAll('href="index.html"', 'href="../index.html"')
}

function page(run: RunModel, main: Markup): string {
  const title = `${STATUS_STYLE[shownStatus(run)].glyph} ${verdictText(run)} · ${run.runId}`
  const body = html`<a class="skip" href="#matrix">To the cells</a>
    ${header(run)}
    <main>${main}</main>
    ${footer(run)}`
  return frame(title, body)
}

/**
 * A document whose content security policy allows our own style and script by their hashes and nothing else,
 * so text of a guest cannot run even if an escape were missing.
 */
function frame(title: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${new Markup(`<style>${STYLE}</style>`)}
      </head>
      <body>
        ${body} ${new Markup(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `.source
}

const POLICY = new Markup(
  `default-src 'none'; style-src '${hash(STYLE)}'; script-src '${hash(SCRIPT)}'; base-uri 'none'; form-action 'none'`,
)

function header(run: RunModel): Markup {
  const status = shownStatus(run)
  const counts = addCounts(run.cells.map((cell) => countChecks(countedChecks(cell))))
  return html`<header class="top">
    <div class="verdict e-${status}">
      <h1>
        <span class="s-${status}" aria-hidden="true">${STATUS_STYLE[status].glyph}</span> ${capital(verdictText(run))}
      </h1>
      <p class="meta">
        <span>run ${run.runId}</span><span>${run.startedAt.replace('T', ' ').slice(0, 16)} UTC</span
        ><span>${timeText(run.durationMs)}</span
        >${runCostText(run) !== '' && html`<span>${runCostText(run)}</span>`}<span>harness ${run.harness}</span
        >${run.exitCode !== undefined && html`<span>exit code ${run.exitCode}</span>`}
      </p>
      ${counts.total > 0 && html`<p class="tiles"><span>${counts.total} judgements: ${countsText(counts)}</span></p>`}
    </div>
  </header>`
}

function leaks(run: RunModel): Markup {
  const all = leaksOf(run)
  if (all.length === 0) return html``
  return html`<section class="leaks">
    <h4>✘ Left behind: ${all.length}</h4>
    <p><code>harness sweep</code> removes what it can.</p>
    <ul class="plain">
      ${all.map((leak) => html`<li>${leak.resource}, of ${leak.cell}: ${leak.message}</li>`)}
    </ul>
  </section>`
}

function filterBar(): Markup {
  const buttons = [
    ['fail', 'failed'],
    ['miss', 'not judged'],
    ['skip', 'skipped'],
    ['waived', 'waived'],
    ['flaky', 'flaky'],
  ]
  return html`<div id="filter" class="filter" role="search" hidden>
    <label class="sr" for="filter-text">Filter all judgements</label>
    <input id="filter-text" type="search" placeholder="Filter all judgements" autocomplete="off" />
    ${buttons.map(([value, label]) => html`<button type="button" value="${value}" aria-pressed="false">${label}</button>`)}
    <output class="dim" aria-live="polite"></output>
  </div>`
}

function excluded(run: RunModel): Markup {
  if (run.excluded.length === 0) return html``
  return html`<section aria-labelledby="excluded">
    <h2 id="excluded">Left out</h2>
    <ul class="plain">
      ${run.excluded.map(({ id, reason }) => html`<li><code>${id}</code>: ${reason}</li>`)}
    </ul>
  </section>`
}

function footer(run: RunModel): Markup {
  const legend = (['pass', 'fail', 'error', 'miss', 'skip', 'done'] as const).map((status) => {
    const { glyph, word, meaning } = STATUS_STYLE[status]
    return html`<span><span class="s-${status}">${glyph} ${word}</span>: ${meaning}</span> `
  })
  return html`<footer>
    <p class="facts">${legend}</p>
    <p class="facts">${Object.entries(run.host).map(([name, value]) => html`<span>${name} <b>${value}</b></span> `)}</p>
    <p>
      Command:
      <code>${['harness', ...run.argv.filter((word, index) => index > 0 || word !== 'harness')].join(' ')}</code>. Made
      from <a href="events.jsonl">events.jsonl</a>; also <a href="junit.xml">junit.xml</a> and
      <a href="summary.md">summary.md</a>.
    </p>
  </footer>`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
