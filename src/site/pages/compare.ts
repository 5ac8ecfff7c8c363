import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import { timeText } from '../../reporters/wording.ts'
import { badge } from '../../reporters/html/badge.ts'
import type { BuildComparison, Changed, PackageChange } from '../compare-builds.ts'
import type { Links } from '../links.ts'
import { crumbs, empty, part, scrolling, tag, tiles } from '../parts.ts'
import type { PageContent } from '../site-context.ts'

const SHOWN = 200

/** What changed from one build to another. */
export function comparePage(data: BuildComparison, links: Links): PageContent {
  const { before, after, packages, cells, broke, fixed, stillFailing, boots, facts } = data
  const unknown = 'No cell was judged with both builds, so nothing is known.'
  const title = `${after.name} ${before.build} → ${after.build}`
  const body = html`${crumbs([{ text: 'Images', href: links.section('images') }, { text: after.name, href: links.grid(after.name) }, { text: 'changes' }])}
    <h1>${breakable(after.name)}</h1>
    <p class="sub">
      From <a href="${links.image(before.digest)}"><code>${before.build}</code></a> to
      <a href="${links.image(after.digest)}"><code>${after.build}</code></a
      >, in ${cells} ${cells === 1 ? 'cell' : 'cells'} that both were judged
      in${before.name !== after.name && `, which was called ${before.name}`}.
    </p>
    ${tiles([
      {
        value: cells === 0 ? '–' : String(broke.length),
        label: 'newly failing',
        look: broke.length > 0 ? 'bad' : cells > 0 ? 'good' : '',
      },
      { value: cells === 0 ? '–' : String(fixed.length), label: 'newly fixed', look: fixed.length > 0 ? 'good' : '' },
      {
        value: cells === 0 ? '–' : String(stillFailing.length),
        label: 'fail as before',
        look: stillFailing.length > 0 ? 'odd' : '',
      },
      {
        value: packages ? String(packages.length) : '–',
        label: packages ? 'packages changed' : 'packages: not supplied',
      },
    ])}
    ${part('broke', 'Newly failing', changedList(broke, cells === 0 ? unknown : 'Nothing that held before fails now.', links))}
    ${part('fixed', 'Newly fixed', changedList(fixed, cells === 0 ? unknown : 'Nothing that failed before holds now.', links))}
    ${part('packages', 'Packages', packages ? packageTable(packages) : empty('Not supplied for both builds, so nothing is said.'), vulnerabilities())}
    ${part('timings', 'Boot times', boots.length === 0 ? empty('No cell has one with both builds.') : bootTable(boots, links))}
    ${part('facts', 'Facts', facts ? factsPart(facts) : empty('No cell has kept facts of both builds.'))}
    ${stillFailing.length > 0 && part('still', 'Fail as before', changedList(stillFailing, '', links))}
    ${(data.onlyBefore > 0 || data.onlyAfter > 0) && html`<p class="dim">Not compared: ${data.onlyBefore} judgements only of the earlier build, ${data.onlyAfter} only of the later.</p>`}`
  return { title, section: 'images', body }
}

function changedList(all: readonly Changed[], none: string, links: Links): Markup {
  if (all.length === 0) return empty(none)
  const byCheck = [...Map.groupBy(all, ({ record }) => record.id)].sort(([, a], [, b]) => b.length - a.length)
  return html`<ul class="problems">
    ${byCheck.slice(0, SHOWN).map(([id, some]) => {
      const record = some[0]?.record
      return html`<li class="e-${record?.status ?? 'miss'}">
        ${record && badge(record.status)} <a href="${links.check(id)}"><code>${id}</code></a>
        <span class="title">${record?.title ?? ''}</span>
        <small
          >${some.slice(0, 8).map(({ cell, uid }) => html`<a href="${links.result(uid)}">${breakable(cell)}</a> `)}${some.length > 8 && `and ${some.length - 8} more cells`}</small
        >
      </li> `
    })}
  </ul>`
}

/** Versions alone do not tell: results hold no changelogs. */
function vulnerabilities(): Markup {
  return html`<p class="dim">
    Which vulnerabilities are fixed was not supplied. <code>harness diff BEFORE AFTER</code> reads it from the
    changelogs in the image files.
  </p>`
}

function packageTable(packages: readonly PackageChange[]): Markup {
  if (packages.length === 0) return empty('The same packages in the same versions.')
  return scrolling(
    'Packages',
    html`<table class="narrow">
      <thead>
        <tr>
          <th scope="col">package</th>
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      <tbody>
        ${packages.slice(0, 1000).map(
          ({ name, from, to }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${from === undefined ? tag('new', 'good') : html`<code>${from}</code>`}</td>
              <td>${to === undefined ? tag('gone', 'bad') : html`<code>${to}</code>`}</td>
            </tr> `,
        )}
      </tbody>
    </table>`,
  )
}

function bootTable(boots: BuildComparison['boots'], links: Links): Markup {
  return scrolling(
    'Boot times',
    html`<table>
      <thead>
        <tr>
          <th scope="col">cell</th>
          <th scope="col" class="num">before</th>
          <th scope="col" class="num">after</th>
          <th scope="col" class="num">change</th>
        </tr>
      </thead>
      <tbody>
        ${boots.slice(0, SHOWN).map(({ cell, from, to }) => {
          const percent = from === 0 ? 0 : Math.round((100 * (to - from)) / from)
          return html`<tr>
            <th scope="row"><a href="${links.cell(cell)}">${breakable(cell)}</a></th>
            <td class="num">${timeText(from)}</td>
            <td class="num">${timeText(to)}</td>
            <td class="num">
              ${percent >= 20 ? html`<b class="s-fail">${signed(percent)}</b>` : percent <= -20 ? html`<b class="s-pass">${signed(percent)}</b>` : signed(percent)}
            </td>
          </tr> `
        })}
      </tbody>
    </table>`,
  )
}

function signed(percent: number): string {
  return `${percent > 0 ? '+' : percent < 0 ? '−' : ''}${Math.abs(percent)} %`
}

function factsPart({ cell, differences }: NonNullable<BuildComparison['facts']>): Markup {
  if (differences.length === 0) return empty(`No other difference in what ${cell} recorded.`)
  return html`<p class="dim">As ${cell} recorded them.</p>
    ${differences.map(
      ({ title, added, removed, changed }) =>
        html`<h3>${title}</h3>
          <ul class="diff-list">
            ${removed.slice(0, SHOWN).map(({ name, from }) => html`<li class="s-fail">− <code>${name}</code> <span class="dim">${from}</span></li> `)}
            ${added.slice(0, SHOWN).map(({ name, to }) => html`<li class="s-pass">+ <code>${name}</code> <span class="dim">${to}</span></li> `)}
            ${changed.slice(0, SHOWN).map(({ name, from, to }) => html`<li>~ <code>${name}</code> <span class="dim">${from} → ${to}</span></li> `)}
          </ul>`,
    )}`
}
