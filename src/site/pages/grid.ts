import type { Grid } from '../../archive/read/cells.ts'
import { html, breakable, type Markup } from '../../reporters/html/markup.ts'
import type { Links } from '../links.ts'
import { crumbs, dayOf, empty, mark, scrolling } from '../parts.ts'
import { resultSentence, withinImage } from '../result-words.ts'
import type { PageContent, SiteContext } from '../site-context.ts'
import { facetClasses, facetForm, facetsOf, type Facets } from '../facets.ts'

export interface GridData {
  grid: Grid
  /** One digest of each build, by build. */
  digests: ReadonlyMap<string, string>
  /** Axes of cells, by id. */
  axes: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/** Cells down, builds across. */
export function gridPage({ grid, digests, axes }: GridData, links: Links, site: SiteContext): PageContent {
  const { image, builds, cells } = grid
  const facets = facetsOf(
    cells.map((cell) => ({ id: cell, values: { platform: cell.split('/')[0] ?? '', ...choiceAxes(axes.get(cell)) } })),
  )
  const table = html`<table class="grid sticky">
    <caption class="sr">
      ${image}: cells down, builds across, newest build first
    </caption>
    <thead>
      <tr>
        <th scope="col">cell</th>
        ${builds.map(({ build, builtAt }, at) => buildHead({ build, builtAt, before: builds[at - 1]?.builtAt }, digests.get(build), links))}
      </tr>
    </thead>
    ${[...Map.groupBy(cells, (cell) => cell.split('/')[0] ?? '')].map(([platform, some]) => platformRows(platform, some, grid, facets, links, site))}
  </table>`
  const pairs = builds.slice(0, -1).flatMap(({ build }, index) => {
    const after = digests.get(build)
    const before = digests.get(builds[index + 1]?.build ?? '')
    return after === undefined || before === undefined || after === before ? [] : [{ build, before, after }]
  })
  const body = html`${crumbs([{ text: 'Overview', href: links.home() }, { text: image }])}
    <h1>${breakable(image)}</h1>
    <p class="sub">
      ${cells.length} cells, the newest ${builds.length} ${builds.length === 1 ? 'build' : 'builds'}. Newest first.
    </p>
    ${cells.length === 0 ? empty('Nobody has judged this image.') : html`${facetForm(facets, 'Show cells')} ${scrolling(`Results of ${image}`, table)}`}
    ${
      pairs.length > 0 &&
      html`<section class="part" aria-labelledby="changes">
        <h2 id="changes">What changed from build to build</h2>
        <ul class="inline">
          ${pairs.slice(0, 30).map(
            ({ build, before, after }) =>
              html`<li>
                <a href="${links.compare(before, after)}">into <code>${build}</code></a>
              </li> `,
          )}
        </ul>
      </section>`
    }`
  return { title: image, section: 'overview', body }
}

/** Axes worth a filter: not those that the id already begins with. */
function choiceAxes(axes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { boot, 'instance-type': type, agent, architecture } = axes
  return {
    ...(boot === undefined ? {} : { boot }),
    ...(architecture === undefined ? {} : { architecture }),
    ...(type === undefined ? {} : { type }),
    ...(agent === undefined ? {} : { agent }),
  }
}

/** The month stands where it changes; the rest is told by what a screen reader says and a pointer shows. */
function buildHead(
  { build, builtAt, before }: { build: string; builtAt: number; before: number | undefined },
  digest: string | undefined,
  links: Links,
): Markup {
  const day = dayOf(builtAt)
  const changes = before === undefined || dayOf(before).slice(0, 7) !== day.slice(0, 7)
  const label = html`<span class="month" aria-hidden="true">${changes && day.slice(0, 7)}</span
    ><span class="day"><span class="sr">${build}, ${day.slice(0, 8)}</span>${day.slice(8)}</span>`
  return html`<th scope="col" class="build" title="build ${build}, ${day}">
    ${digest === undefined ? label : html`<a href="${links.image(digest)}">${label}</a>`}
  </th> `
}

function platformRows(
  platform: string,
  cells: readonly string[],
  { image, builds, newest }: Grid,
  facets: Facets,
  links: Links,
  site: SiteContext,
): Markup {
  return html`<tbody>
    <tr class="group">
      <th scope="rowgroup" colspan="${builds.length + 1}">${platform} <small>${cells.length}</small></th>
    </tr>
    ${cells.map((cell) => {
      const name = withinImage(cell, image)
      return html`<tr class="${facetClasses(facets, cell)}">
        <th scope="row"><a href="${links.cell(cell)}">${breakable(name.slice(name.indexOf('/') + 1))}</a></th>
        ${builds.map(({ build }) => {
          const row = newest.get(cell)?.get(build)
          if (!row) return html`<td>${mark({ status: undefined })}</td>`
          const stale = site.now - row.startedAt > site.staleMs && build === builds[0]?.build
          const plain = row.status === 'pass' && row.flaky === 0 && row.waived === 0
          const text = plain ? {} : { text: resultSentence(row) }
          return html`<td>
            ${mark({ status: row.status, flaky: row.flaky === 1, stale, waived: row.waived > 0, ...text, href: links.result(row.uid) })}
          </td>`
        })}
      </tr> `
    })}
  </tbody>`
}
