import type { CellRunRow } from '../../archive/read/cell-runs.ts'
import type { ImageRow, PackageRow } from '../../archive/read/images.ts'
import type { ApprovalRow } from '../../archive/read/people.ts'
import { badge } from '../../reporters/html/badge.ts'
import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import { worstStatus } from '../../results/status.ts'
import type { Links } from '../links.ts'
import { ago, crumbs, dayOf, empty, factsLine, part, scrolling } from '../parts.ts'
import { bootText, countsOf } from '../result-words.ts'
import type { PageContent, SiteContext } from '../site-context.ts'
import { releasePart, type SubmittedDecision } from './release-part.ts'

export interface ImageData {
  /** Every name of the digest; at least one. */
  names: readonly [ImageRow, ...ImageRow[]]
  refs: readonly { platform: string; region: string; ref: string; name: string }[]
  /** The newest result of each cell with this very image. */
  results: readonly CellRunRow[]
  packages: readonly PackageRow[] | undefined
  approvals: readonly ApprovalRow[]
  /** What policies said about it, newest first. */
  decisions: readonly SubmittedDecision[]
  /** The build before this one. */
  before: { digest: string; build: string } | undefined
}

const BASIS = {
  stored: 'of what the platform stores',
  uploaded: 'of the file that was uploaded',
  reported: 'not known: only the platform’s own name for it',
}

/** One image by its digest: what it is, where it is, what is known about it, who approved it. */
export function imagePage(data: ImageData, links: Links, site: SiteContext): PageContent {
  const { names, refs, results, packages, approvals, decisions, before } = data
  const [image] = names
  const body = html`${crumbs([{ text: 'Images', href: links.section('images') }, { text: image.name, href: links.grid(image.name) }, { text: image.build }])}
    <h1>
      ${results.length > 0 && badge(worstStatus(results.map(({ status }) => status)))} ${breakable(image.name)}
      <span class="dim">${image.build}</span>
    </h1>
    <p class="sub">
      ${image.description}
      ${before && html`<a href="${links.compare(before.digest, image.digest)}">What changed since <code>${before.build}</code></a>`}
    </p>
    ${factsLine([
      ['digest', html`<code class="digest">${image.digest}</code>`],
      ['the digest is', BASIS[image.basis]],
      ['distribution', `${image.distribution} ${image.release}`],
      ['architecture', image.architecture],
      ['variant', image.variant],
      ['built', html`${dayOf(image.builtAt)}, ${ago(image.builtAt, site)}`],
      [
        'other names',
        names
          .slice(1)
          .map(({ name }) => name)
          .join(', '),
      ],
    ])}
    ${releasePart(approvals, decisions, links)}
    ${part('results', 'Results', results.length === 0 ? empty('Nobody has judged it.') : resultTable(results, links, site))}
    ${part('refs', 'Where it is', refs.length === 0 ? empty('No platform’s name for it is known.') : refTable(refs))}
    ${part('packages', packages ? `${packages.length} packages` : 'Packages', packages ? packageTable(packages) : empty('Nobody supplied them.'))}`
  return { title: `${image.name} ${image.build}`, section: 'images', body }
}

function resultTable(results: readonly CellRunRow[], links: Links, site: SiteContext): Markup {
  return scrolling(
    'Results',
    html`<table>
      <thead>
        <tr>
          <th scope="col">cell</th>
          <th scope="col">verdict</th>
          <th scope="col">judgements</th>
          <th scope="col" class="num">boot</th>
          <th scope="col">judged</th>
          <th scope="col">submitter</th>
        </tr>
      </thead>
      <tbody>
        ${results.map(
          (row) =>
            html`<tr>
              <th scope="row"><a href="${links.result(row.uid)}">${breakable(row.cell)}</a></th>
              <td>${badge(row.status)}</td>
              <td class="dim">${countsOf(row)}</td>
              <td class="num">${bootText(row)}</td>
              <td class="dim">${ago(row.startedAt, site)}</td>
              <td><a href="${links.submitter(row.submitter)}">${row.submitter}</a></td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}

function refTable(refs: ImageData['refs']): Markup {
  return scrolling(
    'Names on platforms',
    html`<table>
      <thead>
        <tr>
          <th scope="col">platform</th>
          <th scope="col">region</th>
          <th scope="col">its name there</th>
        </tr>
      </thead>
      <tbody>
        ${refs.map(
          ({ platform, region, ref }) =>
            html`<tr>
              <th scope="row">${platform}</th>
              <td>${region || '–'}</td>
              <td><code>${ref}</code></td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}

function packageTable(packages: readonly PackageRow[]): Markup {
  return html`<details class="all">
    <summary>Show them</summary>
    <table class="narrow">
      <thead>
        <tr>
          <th scope="col">package</th>
          <th scope="col">version</th>
          <th scope="col">source</th>
        </tr>
      </thead>
      <tbody>
        ${packages.map(
          ({ name, version, source }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td><code>${version}</code></td>
              <td class="dim">${source === name ? '' : source}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </details>`
}
