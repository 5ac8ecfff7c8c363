import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecipeArchive } from './recipe.ts'

/** One line of what the host's apt downloads from. */
export interface AptSource {
  uri: string
  suite: string
  components: readonly string[]
}

const DEBIAN_SUITE =
  /^(?:stable|oldstable|oldoldstable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)(-updates|-security)?$/

/** What `sources.list` and `sources.list.d` say, in both of their formats. Entries that are switched off are left out. */
export async function readHostSources(etc = '/etc/apt'): Promise<AptSource[]> {
  const parts = await readdir(join(etc, 'sources.list.d')).catch((): string[] => [])
  const files = ['sources.list', ...parts.sort().map((part) => join('sources.list.d', part))]
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(etc, file), 'utf8').catch(() => '')
      if (file.endsWith('.sources')) return parseDeb822(text)
      return file.endsWith('.list') ? parseOneLine(text) : []
    }),
  )
  return found.flat()
}

/** Reads the one-line format: `deb [options] uri suite component...`. */
export function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line)
    if (!match) return []
    return [{ uri: match[1] ?? '', suite: match[2] ?? '', components: words(match[3]) }]
  })
}

/** Reads the deb822 format: stanzas with Types, URIs, Suites and Components. */
export function parseDeb822(text: string): AptSource[] {
  const plain = text.split('\n').filter((line) => !line.startsWith('#'))
  return plain
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const fields = new Map<string, string>()
      for (const [, key, value] of stanza.matchAll(/^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)/gm))
        fields.set((key ?? '').toLowerCase(), value ?? '')
      if (/^\s*(?:no|false|0|off)\s*$/i.test(fields.get('enabled') ?? '')) return []
      if (!words(fields.get('types')).includes('deb')) return []
      const components = words(fields.get('components'))
      return words(fields.get('uris')).flatMap((uri) =>
        words(fields.get('suites')).map((suite) => ({ uri, suite, components })),
      )
    })
}

/**
 * The same archives, downloaded from where the host downloads its own Debian packages. An archive for which the host names no
 * mirror keeps its own address. Only sources that look like a mirror of Debian itself count: a Debian suite, component `main`, and
 * a path with `debian` in it; a third party may use suite names of Debian for packages of its own.
 */
export function useHostMirrors(archives: readonly RecipeArchive[], host: readonly AptSource[]): RecipeArchive[] {
  const mirrors = host.filter(
    ({ uri, suite, components }) => DEBIAN_SUITE.test(suite) && components.includes('main') && /\/debian/.test(uri),
  )
  return archives.map((archive) => {
    const security = archive.suites.every((suite) => suite.endsWith('-security'))
    const mirror = mirrors.find(({ suite }) => suite.endsWith('-security') === security)
    return mirror ? { ...archive, uri: mirror.uri.replace(/\/+$/, '') } : { ...archive }
  })
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter(Boolean)
}
