import type { CellRunRow } from '../../archive/read/cell-runs.ts'
import type { ImageRow } from '../../archive/read/images.ts'
import type { FindingRow } from '../../archive/read/findings.ts'
import type { RunRow } from '../../archive/read/runs.ts'
import { badge } from '../../reporters/html/badge.ts'
import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import { STATUS_STYLE } from '../../reporters/status-style.ts'
import { timeText } from '../../reporters/wording.ts'
import { worstStatus } from '../../results/status.ts'
import type { Links } from '../links.ts'
import { ago, empty, part, scrolling, tag, tiles } from '../parts.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface OverviewData {
  /** The newest build of every image, and the newest result of each of its cells with that build. */
  images: { image: ImageRow; results: readonly CellRunRow[]; approved: boolean }[]
  /** The newest results of cells whose image nobody could tell. */
  imageless: readonly CellRunRow[]
  findings: readonly FindingRow[]
  /** Results that fail as a whole: no check of them tells why. */
  broken: readonly CellRunRow[]
  runs: readonly RunRow[]
}

/** Images down, platforms across: what is known about the newest build of each. */
export function overviewPage(
  { images, imageless, findings, broken, runs }: OverviewData,
  links: Links,
  site: SiteContext,
): PageContent {
  const platforms = [...new Set(images.flatMap(({ results }) => results.map(({ platform }) => platform)))].sort()
  const results = images.flatMap((one) => one.results)
  const failing = results.filter(({ status }) => status === 'fail' || status === 'error').length
  const bad = images.filter((one) => one.results.some(({ status }) => status === 'fail' || status === 'error')).length
  const body = html`<h1 class="lead">
      ${images.length === 0 ? (imageless.length === 0 ? 'No results yet' : 'No image is known yet') : bad === 0 ? `All ${images.length} images hold` : `${bad} of ${images.length} images have failures`}
    </h1>
    ${tiles([
      { value: String(images.length), label: images.length === 1 ? 'image' : 'images' },
      { value: String(platforms.length), label: platforms.length === 1 ? 'platform' : 'platforms' },
      { value: String(results.length), label: 'cells judged on newest builds' },
      { value: String(failing), label: 'cells that fail', look: failing > 0 ? 'bad' : 'good' },
    ])}
    ${part('matrix', 'Newest builds', images.length === 0 ? empty('Nobody has submitted a result.') : matrix(images, platforms, links, site))}
    ${
      imageless.length > 0 &&
      part(
        'imageless',
        'Cells whose image is not known',
        html`<ul class="cells">
          ${imageless.slice(0, 200).map((row) => html`<li>${badge(row.status)} <a href="${links.cell(row.cell)}">${breakable(row.cell)}</a></li> `)}
        </ul>`,
      )
    }
    ${part('failing', 'What fails now', findings.length + broken.length === 0 ? empty('Nothing fails on the newest builds.') : html`${brokenCells(broken, links)} ${failures(findings, links)}`)}
    ${part('runs', 'Latest runs', runs.length === 0 ? empty('No run yet.') : runTable(runs, links, site))}`
  return { title: 'Overview', section: 'overview', body }
}

function matrix(images: OverviewData['images'], platforms: readonly string[], links: Links, site: SiteContext): Markup {
  return scrolling(
    'Newest builds',
    html`<table class="matrix sticky">
      <thead>
        <tr>
          <th scope="col">image</th>
          ${platforms.map((name) => html`<th scope="col">${name}</th>`)}
          <th scope="col">build</th>
          <th scope="col">age</th>
        </tr>
      </thead>
      <tbody>
        ${images.map((one) => imageRow(one, platforms, links, site))}
      </tbody>
    </table>`,
  )
}

function imageRow(
  { image, results, approved }: OverviewData['images'][number],
  platforms: readonly string[],
  links: Links,
  site: SiteContext,
): Markup {
  return html`<tr>
    <th scope="row"><a href="${links.grid(image.name)}">${breakable(image.name)}</a></th>
    ${platforms.map(
      (platform) =>
        html`<td>
          ${tile(
            results.filter((row) => row.platform === platform),
            links.grid(image.name),
            `${image.name} on ${platform}`,
            site,
          )}
        </td>`,
    )}
    <td>
      <a href="${links.image(image.digest)}"><code>${image.build}</code></a> ${approved && tag('approved', 'good')}
    </td>
    <td class="dim">${ago(image.builtAt, site)}</td>
  </tr> `
}

/** What one platform says about one image: the worst status, and how many cells agree. */
function tile(rows: readonly CellRunRow[], href: string, what: string, site: SiteContext): Markup {
  if (rows.length === 0)
    return html`<span class="tile-none" title="nobody has judged ${what}"
      ><span aria-hidden="true">·</span><span class="sr">not judged</span></span
    >`
  const status = worstStatus(rows.map((row) => row.status))
  const good = rows.filter((row) => row.status === 'pass').length
  const flaky = rows.some((row) => row.flaky)
  const stale = rows.every((row) => site.now - row.startedAt > site.staleMs)
  const words = `${STATUS_STYLE[status].word}: ${good} of ${rows.length} pass${flaky ? ', some flaky' : ''}${stale ? ', stale' : ''}`
  return html`<a class="chip m-${status} ${stale && 'stale'}" href="${href}" title="${what}: ${words}"
    ><span aria-hidden="true">${STATUS_STYLE[status].glyph} ${good}/${rows.length}${flaky && ' ⚡'}</span
    ><span class="sr">${words}</span></a
  >`
}

/** Cells that did not come to be judged. */
function brokenCells(rows: readonly CellRunRow[], links: Links): Markup | false {
  if (rows.length === 0) return false
  return html`<ul class="problems">
    ${rows.slice(0, 12).map(
      (row) =>
        html`<li class="e-${row.status}">
          <a href="${links.result(row.uid)}">${breakable(row.cell)}</a>
          <span class="title">${row.reason ?? 'the cell itself'}</span>
          <small>build ${row.build}</small>
        </li> `,
    )}
  </ul>`
}

function failures(findings: readonly FindingRow[], links: Links): Markup {
  const groups = [...Map.groupBy(findings, ({ check }) => check)]
    .map(([check, rows]) => ({ check, rows, cells: new Set(rows.map(({ cell }) => cell)).size }))
    .sort((a, b) => b.cells - a.cells || (a.check < b.check ? -1 : 1))
  return html`<ul class="problems">
      ${groups.slice(0, 12).map(({ check, rows, cells }) => {
        const status = worstStatus(rows.map((row) => row.status))
        const images = [...new Set(rows.map(({ image }) => image))].sort()
        return html`<li class="e-${status} m-${status}">
          <div>
            <a href="${links.check(check)}"><code>${check}</code></a>
            <span class="title">${rows[0]?.title ?? ''}</span>
            <small>${images.slice(0, 4).join(', ')}${images.length > 4 && ` and ${images.length - 4} more`}</small>
          </div>
          <div class="count">${cells} <small>${cells === 1 ? 'cell' : 'cells'}</small></div>
        </li> `
      })}
    </ul>
    ${groups.length > 12 && html`<p class="dim">… and ${groups.length - 12} more checks.</p>`}`
}

/** Runs, newest first. */
export function runTable(runs: readonly RunRow[], links: Links, site: SiteContext): Markup {
  return scrolling(
    'Runs',
    html`<table>
      <thead>
        <tr>
          <th scope="col">run</th>
          <th scope="col">verdict</th>
          <th scope="col">submitter</th>
          <th scope="col" class="num">cells</th>
          <th scope="col" class="num">time</th>
          <th scope="col">started</th>
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          (run) =>
            html`<tr ${run.state !== 'accepted' && html`class="struck"`}>
              <th scope="row">
                <a href="${links.run(run.submission)}">${run.runId}</a
                >${run.parts > 1 && html` <small>part ${run.part} of ${run.parts}</small>`}
              </th>
              <td>${badge(run.status)} ${run.state !== 'accepted' && tag(run.state, 'bad')}</td>
              <td><a href="${links.submitter(run.submitter)}">${run.submitter}</a></td>
              <td class="num">${run.cells}</td>
              <td class="num">${timeText(run.durationMs)}</td>
              <td class="dim">${ago(run.startedAt, site)}</td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}
