import { STATUS_CODES } from 'node:http'
import type { ReadArchive } from '../archive/index.ts'
import { archiveHead } from '../archive/index.ts'
import { html } from '../reporters/html/markup.ts'
import type { IssuePattern } from '../known-issues/index.ts'
import { ICON } from './icon.ts'
import { layout } from './layout.ts'
import { Links } from './links.ts'
import { readPageContent, type PageSource } from './route.ts'
import type { SiteContext } from './site-context.ts'
import { SITE_STYLE } from './style.ts'
import { ArchiveTriages, resultsOfOpenIssues, type ArchiveTriage } from './triage-archive.ts'

/** An answer to a request for a page or what belongs to it. */
export interface SiteAnswer {
  status: 200 | 301 | 404
  type: string
  body: string | Buffer
  /** Where the page is, relative to the address. */
  location?: string
  /** Whether the same address will always give the same bytes. */
  forever: boolean
}

export interface SiteOptions {
  title?: string
  harness: string
  /** Known issues; default none. */
  issues?: readonly IssuePattern[]
  /** Results older than this are stale. Default 14 days. */
  staleMs?: number
  /** For tests and exports: what time it is. */
  now?: () => number
}

/** Pages tell the time in minutes, so that within one the same page is the same bytes. */
const MINUTE = 60_000
const STALE_MS = 14 * 86_400_000

/** The pages of an archive: what a server answers and an export writes is the same. */
export class Site {
  readonly #source: PageSource
  readonly #options: SiteOptions

  constructor(archive: ReadArchive, options: SiteOptions) {
    this.#source = { archive, triages: new ArchiveTriages(archive, options.issues ?? []) }
    this.#options = options
  }

  /**
   * The page at the path of an address, decoded: `/cell/lxd/debian-13/`. What is not there is a page too.
   */
  async answer(path: string): Promise<SiteAnswer> {
    if (path === '/style.css') return { status: 200, type: 'text/css; charset=utf-8', body: SITE_STYLE, forever: false }
    if (path === '/icon.svg') return { status: 200, type: 'image/svg+xml', body: ICON, forever: false }
    const log = /^\/log\/([0-9a-f]{64})\.txt$/.exec(path)
    if (log) return await this.#log(`sha256:${log[1]}`)
    const links = new Links(path)
    const site = await this.#context()
    const content = await readPageContent(path, this.#source, links, site)
    // Links are relative: without the slash at the end they would lead elsewhere.
    if (content && !path.endsWith('/')) {
      const location = `./${encodeURIComponent(path.slice(path.lastIndexOf('/') + 1))}/`
      return { status: 301, type: 'text/plain', body: '', location, forever: false }
    }
    if (content) return page(200, layout(content, links, site))
    const body = html`<h1>Not here</h1>
      <p class="sub">No page has this address. What it was about may have been removed, or was never submitted.</p>
      <p><a href="${links.home()}">To the overview</a></p>`
    return page(404, layout({ title: STATUS_CODES[404] ?? '', section: undefined, body }, links, site))
  }

  /** What known issues explain of the archive as it is now. */
  async triage(): Promise<ArchiveTriage> {
    return await this.#source.triages.read()
  }

  /** Results that known issues rest on. */
  async referencedResults(): Promise<Set<string>> {
    return resultsOfOpenIssues(await this.triage())
  }

  async #log(digest: string): Promise<SiteAnswer> {
    const { blobs } = this.#source.archive
    const body = await blobs.read(digest)
    const type = 'text/plain; charset=utf-8'
    if (body) return { status: 200, type, body, forever: true }
    const stone = await blobs.tombstone(digest)
    const why = stone ? `removed on ${stone.at.slice(0, 10)}: ${stone.reason}\n` : 'there is no such log\n'
    return { status: 404, type, body: why, forever: false }
  }

  async #context(): Promise<SiteContext> {
    const { title = 'Image test results', harness, staleMs = STALE_MS, now = Date.now } = this.#options
    return {
      title,
      harness,
      staleMs,
      now: Math.floor(now() / MINUTE) * MINUTE,
      head: await archiveHead(this.#source.archive),
    }
  }
}

function page(status: 200 | 404, body: string): SiteAnswer {
  return { status, type: 'text/html; charset=utf-8', body, forever: false }
}
