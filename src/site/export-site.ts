import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { Site, SiteAnswer } from './site.ts'

export interface ExportReport {
  pages: number
  files: number
  bytes: number
}

const ROOTS = ['/', '/style.css', '/icon.svg', '/404.html']
const AT_ONCE = 8

/**
 * Writes every page that can be reached from the first one into a folder, by following the links: what is linked is there.
 * The folder appears when it is whole, and takes the place of an older one.
 * @throws ConfigError when a page links to something that is not there
 */
export async function exportSite(site: Pick<Site, 'answer'>, out: string, signal?: AbortSignal): Promise<ExportReport> {
  const fresh = `${resolve(out)}.${process.pid}.tmp`
  const report: ExportReport = { pages: 0, files: 0, bytes: 0 }
  const seen = new Set(ROOTS)
  let waiting = [...ROOTS]
  await rm(fresh, { recursive: true, force: true })
  try {
    while (waiting.length > 0) {
      signal?.throwIfAborted()
      const some = waiting.slice(0, AT_ONCE)
      waiting = waiting.slice(AT_ONCE)
      for (const found of await Promise.all(some.map((path) => write(site, fresh, path, report)))) {
        for (const path of found) {
          if (seen.has(path)) continue
          seen.add(path)
          waiting.push(path)
        }
      }
    }
    await rm(out, { recursive: true, force: true })
    await rename(fresh, out)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return report
}

/** Writes one address. @returns the addresses it links to */
async function write(
  site: Pick<Site, 'answer'>,
  folder: string,
  path: string,
  report: ExportReport,
): Promise<string[]> {
  const answer = await site.answer(path)
  if (answer.status !== 200 && path !== '/404.html')
    throw new ConfigError(`a page links to ${path}, and nothing is there`)
  const file = fileOf(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, answer.body)
  report.bytes += Buffer.byteLength(answer.body)
  report.files++
  if (!answer.type.startsWith('text/html')) return []
  report.pages++
  return linksIn(answer, path)
}

function linksIn({ body }: SiteAnswer, path: string): string[] {
  const found: string[] = []
  for (const [, href = ''] of String(body).matchAll(/ href="([^"#]+)(?:#[^"]*)?"/g)) {
    if (/^[a-z]+:/.test(href)) continue
    const { pathname } = new URL(href.replaceAll('&amp;', '&').replaceAll('&#39;', "'"), `http://site${path}`)
    found.push(pathname.split('/').map(decodeURIComponent).join('/'))
  }
  return found
}

/** Where an address lies in the folder. Names were checked when they were submitted; nothing may lie outside all the same. */
function fileOf(folder: string, path: string): string {
  const file = resolve(join(folder, ...path.split('/'), path.endsWith('/') ? 'index.html' : ''))
  if (!file.startsWith(folder + sep)) throw new ConfigError(`${path} would lie outside ${folder}`)
  return file
}
