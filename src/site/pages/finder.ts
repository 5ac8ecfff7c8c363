import type { CellRunRow } from '../../archive/read/cell-runs.ts'
import type { ImageRow } from '../../archive/read/images.ts'
import { badge } from '../../reporters/html/badge.ts'
import { breakable, html } from '../../reporters/html/markup.ts'
import { worstStatus } from '../../results/status.ts'
import { facetClasses, facetForm, facetsOf } from '../facets.ts'
import type { Links } from '../links.ts'
import { ago, empty, scrolling, tag } from '../parts.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface FinderData {
  images: { image: ImageRow; platforms: readonly string[]; results: readonly CellRunRow[]; approved: boolean }[]
  /** How many older builds are not shown. */
  older: number
}

/** Every image that is known, with choices to narrow them. */
export function finderPage({ images, older }: FinderData, links: Links, site: SiteContext): PageContent {
  const newest = new Map(images.toReversed().map(({ image }) => [image.name, image.build]))
  const facets = facetsOf(
    images.map(({ image, results, approved }, index) => ({
      id: String(index),
      values: {
        distribution: image.distribution,
        release: image.release,
        architecture: image.architecture,
        variant: image.variant,
        verdict: results.length === 0 ? 'not judged' : worstStatus(results.map(({ status }) => status)),
        approved: approved ? 'yes' : 'no',
        build: newest.get(image.name) === image.build ? 'newest' : 'older',
      },
    })),
  )
  const table = html`<table class="finder sticky">
    <thead>
      <tr>
        <th scope="col">image</th>
        <th scope="col">build</th>
        <th scope="col">distribution</th>
        <th scope="col">platforms</th>
        <th scope="col">verdict</th>
        <th scope="col">age</th>
        <th scope="col">digest</th>
      </tr>
    </thead>
    <tbody>
      ${images.map(({ image, platforms, results, approved }, index) => {
        const passed = results.filter(({ status }) => status === 'pass').length
        return html`<tr class="${facetClasses(facets, String(index))}">
          <th scope="row"><a href="${links.image(image.digest)}">${breakable(image.name)}</a></th>
          <td><code>${image.build}</code></td>
          <td>
            ${image.distribution} ${image.release}
            <small
              >${image.architecture}${image.variant !== 'default' && image.variant !== '' && `, ${image.variant}`}</small
            >
          </td>
          <td class="wrap">${platforms.join(', ')}</td>
          <td>
            ${results.length === 0 ? html`<span class="none">not judged</span>` : html`${badge(worstStatus(results.map(({ status }) => status)))} <small>${passed}/${results.length}</small>`}
            ${approved && tag('approved', 'good')}
          </td>
          <td class="dim">${ago(image.builtAt, site)}</td>
          <td><code title="${image.digest}">${image.digest.slice(image.digest.indexOf(':') + 1, 19)}</code></td>
        </tr> `
      })}
    </tbody>
  </table>`
  const body = html`<h1>Find an image</h1>
    <p class="sub">
      ${images.length}
      ${images.length === 1 ? 'build' : 'builds'}${older > 0 && `; ${older} older ones are on the pages of their images`}.
      An image is what its digest says, whatever a platform calls it.
    </p>
    ${images.length === 0 ? empty('No image is known.') : html`${facetForm(facets, 'Choose images')} ${scrolling('Images', table)}`}`
  return { title: 'Images', section: 'images', body }
}
