import { html, type Markup } from '../reporters/html/markup.ts'
import { STATUS_STYLE } from '../reporters/status-style.ts'
import type { Links } from './links.ts'
import { SECTIONS, type PageContent, type Section, type SiteContext } from './site-context.ts'

/** Pages have no script, and nothing of another host: what is not here cannot be loaded, even if an escape were missing. */
export const CONTENT_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

const SECTION_TITLE: Readonly<Record<Section, string>> = {
  overview: 'Overview',
  images: 'Images',
  coverage: 'Coverage',
  issues: 'Known issues',
  waivers: 'Waivers',
  submitters: 'Submitters',
}

/** A whole document. */
export function layout({ title, section, body }: PageContent, links: Links, site: SiteContext): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${title} · ${site.title}</title>
        <link rel="stylesheet" href="${links.style()}" />
        <link rel="icon" href="${links.icon()}" type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#content">To the content</a>
        <header class="site">
          <div class="wide">
            <a class="name" href="${links.home()}">${site.title}</a>
            <nav aria-label="Pages">
              <ul>
                ${SECTIONS.map((name) => navigation(name, section, links))}
              </ul>
            </nav>
          </div>
        </header>
        <main id="content" class="wide" tabindex="-1">${body}</main>
        ${footer(site)}
      </body>
    </html> `.source
}

function navigation(name: Section, current: Section | undefined, links: Links): Markup {
  return html`<li>
    <a href="${links.section(name)}" ${name === current && html`aria-current="page"`}>${SECTION_TITLE[name]}</a>
  </li> `
}

function footer(site: SiteContext): Markup {
  const legend = (['pass', 'fail', 'error', 'miss', 'skip', 'done'] as const).map((status) => {
    const { glyph, word, meaning } = STATUS_STYLE[status]
    return html`<li><span class="s-${status}">${glyph} ${word}</span> ${meaning}</li> `
  })
  return html`<footer class="site">
    <div class="wide">
      <ul class="legend-list" aria-label="What the signs mean">
        ${legend}
        <li><span class="none">· nothing</span> nobody has judged it: that is never a pass</li>
        <li><span class="s-miss">⚡ flaky</span> passed only when it was judged again</li>
        <li>with a dot: a failure in it is waived</li>
        <li>dashed: stale</li>
      </ul>
      <p>
        ${new Date(site.now).toISOString().replace('T', ' ').slice(0, 16)} UTC · ${site.head.seq} submissions, the last
        <code title="${site.head.hash}">${site.head.hash.replace('sha256:', '').slice(0, 12)}</code> · harness
        ${site.harness}
      </p>
    </div>
  </footer>`
}
