import type { CredentialRow, SubmitterRow } from '../../archive/read/people.ts'
import { html, sourceLink, type Markup } from '../../reporters/html/markup.ts'
import type { Links } from '../links.ts'
import { ago, dayOf, empty, tag } from '../parts.ts'
import type { PageContent, SiteContext } from '../site-context.ts'

export interface SubmittersData {
  submitters: readonly SubmitterRow[]
  credentials: readonly CredentialRow[]
  /** Cells that each has filled. */
  cells: ReadonlyMap<string, number>
}

/** Who submits, what about, and how it is signed. */
export function submittersPage(data: SubmittersData, _: Links, site: SiteContext): PageContent {
  const { submitters } = data
  const body = html`<h1>Submitters</h1>
    <p class="sub">Everything here was signed by one of these, within what they may speak about.</p>
    ${
      submitters.length === 0
        ? empty('Nobody is registered.')
        : html`<ul class="cards">
            ${submitters.map((one) => card(one, data, site))}
          </ul>`
    }`
  return { title: 'Submitters', section: 'submitters', body }
}

function card(one: SubmitterRow, { credentials, cells }: SubmittersData, site: SiteContext): Markup {
  const own = credentials.filter(({ submitter }) => submitter === one.id)
  return html`<li class="card" id="${one.id}">
    <h2>${one.display} ${one.state === 'suspended' && tag('suspended', 'bad')}</h2>
    <p class="dim">
      <code>${one.id}</code> · ${one.submissions} ${one.submissions === 1 ? 'submission' : 'submissions'} ·
      ${cells.get(one.id) ?? 0} cells · ${one.lastAt === null ? 'nothing yet' : html`last ${ago(one.lastAt, site)}`}
    </p>
    <dl>
      <dt>May submit</dt>
      <dd>${one.roles.join(', ')}</dd>
      <dt>About</dt>
      <dd>
        ${one.scopes.map(
          ({ cells: glob, images }) =>
            html`<span>cells <code>${glob}</code>, images <code>${images}</code></span
              ><br />`,
        )}
      </dd>
      <dt>Contact</dt>
      <dd>${one.contact}</dd>
      ${
        one.docs !== null &&
        html`<dt>More</dt>
          <dd>${sourceLink(one.docs)}</dd>`
      }
      <dt>Signs with</dt>
      <dd>
        ${own.length === 0 ? 'nothing that is valid' : own.map((each) => html`<span>${credentialText(each, site)}</span><br />`)}
      </dd>
    </dl>
  </li> `
}

function credentialText(one: CredentialRow, { now }: SiteContext): Markup {
  const name =
    one.kind === 'oidc' ? `a CI token of ${one.issuer ?? ''}` : `key ${one.id.replace('sha256:', '').slice(0, 16)}`
  if (one.compromisedAt !== null && one.compromisedAt <= now)
    return html`<s>${name}</s> ${tag(`in wrong hands since ${dayOf(one.compromisedAt)}`, 'bad')}`
  if (one.revokedAt !== null && one.revokedAt <= now)
    return html`<s>${name}</s> ${tag(`revoked ${dayOf(one.revokedAt)}`, 'bad')}`
  if (one.notAfter < now) return html`<s>${name}</s> ${tag(`expired ${dayOf(one.notAfter)}`)}`
  return html`${name}, until ${dayOf(one.notAfter)}`
}
