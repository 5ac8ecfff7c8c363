import type { FactFields, Package } from './facts.ts'
import type { Located } from './parse-lines.ts'

/** `name version arch source section status`, separated by tabs, as every package database is printed. */
export function parsePackages(lines: readonly string[]): Package[] {
  return lines.flatMap((text) => {
    const [name = '', version = '', arch = '', source = '', section = '', status = ''] = text.split('\t')
    if (!name || !version) return []
    return [
      {
        name,
        version,
        arch,
        ...(source ? { source } : {}),
        ...(section ? { section } : {}),
        status: status.endsWith(' installed')
          ? status === 'install ok installed' || status === 'hold ok installed'
            ? 'installed'
            : status
          : status,
      },
    ]
  })
}

/** What `md5sum -c` did not find as packaged. `checked` is how many files were as packaged: 0 means nothing was looked at. */
export function parseModified(lines: readonly string[], conffiles: ReadonlySet<string>, diverted: ReadonlySet<string>) {
  let checked = 0
  const modified: FactFields['modifiedFiles'] = []
  for (const line of lines) {
    const count = /^checked (\d+)$/.exec(line)
    if (count) checked = Number(count[1])
    const match = /^(?:\.\/|\/)?(.+): FAILED( open or read)?$/.exec(line)
    if (!match) continue
    const path = `/${match[1]}`
    if (!diverted.has(path))
      modified.push({
        path,
        flags: match[2] ? 'missing' : 'content',
        config: conffiles.has(path) || path.startsWith('/etc/'),
      })
  }
  return { checked, modified }
}

/** Original names of diverted files: three lines per diversion. */
export function parseDiversions(lines: readonly Located[]): Set<string> {
  return new Set(lines.filter((_, index) => index % 3 === 0).map(({ text }) => text))
}

/** `apt-config dump`: `Key "value";` lines; list entries end in `::`. */
export function parseAptDump(lines: readonly string[]): Record<string, string[]> {
  const values: Record<string, string[]> = {}
  for (const line of lines) {
    const match = /^(\S+?)(?:::)? "(.*)";$/.exec(line)
    if (match) (values[match[1] ?? ''] ??= []).push(match[2] ?? '')
  }
  return values
}

/** Files of apt.conf.d at rest: nested braces and one-line entries give the same keys as `apt-config dump`. */
export function parseAptFiles(lines: readonly Located[]): Record<string, string[]> {
  const text = lines
    .map((line) => line.text.replace(/^\s*(\/\/|#).*$/, '').replace(/\s\/\/\s.*$/, ''))
    .join('\n')
    .replace(/\/\*[\s\S]*?\*\//g, '')
  const values: Record<string, string[]> = {}
  const scope: string[] = []
  for (const token of text.matchAll(/([\w:./-]+)?\s*(?:"((?:[^"\\]|\\.)*)")?\s*([;{}])/g)) {
    const [, name, value, end] = token
    const key = [...scope, ...(name ? [name.replace(/::$/, '')] : [])].join('::')
    if (end === '{') scope.push(name?.replace(/::$/, '') ?? '')
    if (value !== undefined && end === ';') (values[key] ??= []).push(value)
    if (end === '}') scope.pop()
  }
  return values
}

/** `apt list '?obsolete'`: names before the slash. */
export function parseAptList(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^([a-z0-9][a-z0-9+.-]*)\/\S*\s/.exec(line)?.[1] ?? [])
}

/** `apt-get -s dist-upgrade`: `Inst name [old] (new origin [arch])`. */
export function parseAptUpgrades(lines: readonly string[]): FactFields['pendingUpgrades'] {
  return lines.flatMap((line) => {
    const match = /^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) ([^)]*)\)/.exec(line)
    return match ? [{ name: match[1] ?? '', version: match[2] ?? '', security: /security/i.test(match[3] ?? '') }] : []
  })
}
