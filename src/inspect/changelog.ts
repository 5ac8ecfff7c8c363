import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { OpenedImage } from './open-subject.ts'

/** One version in a Debian changelog. */
export interface ChangelogEntry {
  version: string
  suite: string
  urgency: string
  /** Names of vulnerabilities its text mentions, sorted. */
  cves: string[]
}

const MOST_BYTES = 32 * 1024 * 1024
const MOST_ENTRIES = 200

/**
 * What changed in a package between two versions, newest first, by the changelog that the newer image holds.
 * Undefined when it holds none, or one that does not know the older version: then nothing can be said.
 */
export async function changesSince(
  image: Pick<OpenedImage, 'root'>,
  name: string,
  version: string,
  since: string,
): Promise<ChangelogEntry[] | undefined> {
  for (const file of ['changelog.Debian.gz', 'changelog.gz']) {
    const text = await readInside(image.root, `usr/share/doc/${name}/${file}`)
    const entries = text === undefined ? undefined : entriesBetween(parseChangelog(text), version, since)
    if (entries) return entries
  }
  return undefined
}

/** Entries from `version` down to the one before `since`; undefined when either is not there. */
export function entriesBetween(
  entries: readonly ChangelogEntry[],
  version: string,
  since: string,
): ChangelogEntry[] | undefined {
  // a rebuild of the same source counts as the source
  const find = (wanted: string) =>
    entries.findIndex((entry) => entry.version === wanted || entry.version === wanted.replace(/\+b\d+$/, ''))
  const [first, last] = [find(version), find(since)]
  return first >= 0 && last >= first ? entries.slice(first, last) : undefined
}

/** Reads a Debian changelog; at most 200 versions of it. */
export function parseChangelog(text: string): ChangelogEntry[] {
  const entries: (ChangelogEntry & { found: Set<string> })[] = []
  for (const line of text.split('\n')) {
    const head = /^\S+ \(([^)\s]+)\) ([^;]+); urgency=(\w+)/.exec(line)
    if (head) {
      if (entries.length === MOST_ENTRIES) break
      const [, version = '', suite = '', urgency = ''] = head
      entries.push({ version, suite: suite.trim(), urgency: urgency.toLowerCase(), cves: [], found: new Set() })
    } else for (const [cve] of line.matchAll(/\bCVE-\d{4}-\d{4,7}\b/g)) entries.at(-1)?.found.add(cve)
  }
  return entries.map(({ found, ...entry }) => ({ ...entry, cves: [...found].sort() }))
}

const unpack = promisify(gunzip)

/** A file of a root at rest. Links that lead out of the root lead nowhere. */
async function readInside(root: string, path: string): Promise<string | undefined> {
  try {
    const base = await realpath(root)
    const real = await realpath(join(base, path))
    if (!real.startsWith(`${base}/`) || !(await stat(real)).isFile()) return undefined
    const data = await unpack(await readFile(real), { maxOutputLength: MOST_BYTES })
    return data.toString('utf8')
  } catch {
    return undefined
  }
}
