import { stat } from 'node:fs/promises'
import type { ReadArchive } from '../archive/index.ts'
import type { Pages } from '../serve/index.ts'
import type { Site } from '../site/index.ts'
import { packageInfo } from './package-info.ts'

export interface SiteSettings {
  title?: string
  /** Folder of known issues; default `known-issues`, when there is one. */
  issues?: string
  staleMs?: number
}

const ISSUES = 'known-issues'

/** The pages of an archive with the known issues of a folder. @throws ConfigError when one of those is wrong */
export async function siteOf(archive: ReadArchive, { title, issues, staleMs }: SiteSettings): Promise<Site> {
  const { Site: Pages } = await import('../site/index.ts')
  const folder = issues ?? ((await stat(ISSUES).catch(() => undefined)) ? ISSUES : undefined)
  const { loadIssues } = await import('../known-issues/index.ts')
  return new Pages(archive, {
    harness: packageInfo().version,
    ...(title === undefined ? {} : { title }),
    ...(staleMs === undefined ? {} : { staleMs }),
    ...(folder === undefined ? {} : { issues: await loadIssues(folder) }),
  })
}

/** The pages as a server answers them. */
export async function servedPages(site: Site, archive: ReadArchive): Promise<Pages> {
  const { CONTENT_POLICY, keepAnswers } = await import('../site/index.ts')
  const { archiveHead } = await import('../archive/index.ts')
  const answer = keepAnswers((path) => site.answer(path), { version: async () => (await archiveHead(archive)).hash })
  return async ({ method, path }) => {
    if (method !== 'GET' && method !== 'HEAD') return undefined
    const { status, type, body, location, forever } = await answer(path)
    return {
      status,
      body,
      headers: {
        'content-type': type,
        'content-security-policy': `${CONTENT_POLICY}; frame-ancestors 'none'`,
        ...(location === undefined ? {} : { location }),
        ...(forever ? { 'cache-control': 'public, max-age=31536000, immutable' } : {}),
      },
    }
  }
}
