import type { ReadArchive } from '../archive/index.ts'
import type { ArchiveTriages } from './triage-archive.ts'
import type { Links } from './links.ts'
import {
  checkContent,
  cellContent,
  compareContent,
  coverageContent,
  finderContent,
  gridContent,
  imageContent,
  issueContent,
  issuesContent,
  overviewContent,
  resultContent,
  runContent,
  submittersContent,
  waiversContent,
} from './read-pages.ts'
import type { PageContent, SiteContext } from './site-context.ts'

/** What pages are made from. */
export interface PageSource {
  archive: ReadArchive
  triages: ArchiveTriages
}

type Read = (rest: string, source: PageSource, links: Links, site: SiteContext) => Promise<PageContent | undefined>

/** Pages by the first part of their address. The rest is what the page is about. */
const ROUTES: Readonly<Record<string, Read>> = {
  '': (_, { archive }, links, site) => overviewContent(archive, links, site),
  images: (_, { archive }, links, site) => finderContent(archive, links, site),
  coverage: (_, { archive }, links, site) => coverageContent(archive, links, site),
  issues: (_, { triages }, links) => issuesContent(triages, links),
  waivers: (_, { archive }, links, site) => waiversContent(archive, links, site),
  submitters: (_, { archive }, links, site) => submittersContent(archive, links, site),
  grid: (image, { archive }, links, site) => gridContent(archive, image, links, site),
  cell: (id, { archive }, links, site) => cellContent(archive, id, links, site),
  run: (submission, { archive }, links, site) => runContent(archive, `sha256:${submission}`, links, site),
  result: (uid, source, links, site) => resultContent(source, uid, links, site),
  check: (id, { archive }, links, site) => checkContent(archive, id, links, site),
  image: (digest, { archive }, links, site) => imageContent(archive, digestIn(digest), links, site),
  compare: (pair, { archive }, links) => compareContent(archive, pair.split('..').map(digestIn), links),
  issue: (id, { triages }, links) => issueContent(triages, id, links),
}

/** Pages that have nothing after their name. */
const ALONE: ReadonlySet<string> = new Set(['', 'images', 'coverage', 'issues', 'waivers', 'submitters'])

/** The content of the page at an address such as `/cell/lxd/debian-13/`; undefined when there is none. */
export async function readPageContent(
  path: string,
  source: PageSource,
  links: Links,
  site: SiteContext,
): Promise<PageContent | undefined> {
  const [first = '', ...rest] = path.split('/').filter((part) => part !== '')
  const read = Object.hasOwn(ROUTES, first) ? ROUTES[first] : undefined
  if (!read || ALONE.has(first) !== (rest.length === 0)) return undefined
  return await read(rest.join('/'), source, links, site)
}

/** Colons are written as dashes in addresses. */
function digestIn(text: string): string {
  return text.replace(/^(sha256|reported)-/, '$1:')
}
