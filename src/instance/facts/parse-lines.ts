import type { FileEntry } from './facts.ts'

/** A line of a file of the image. */
export interface Located {
  file: string
  line: number
  text: string
}

/** `./etc/fstab:3:text`. Anything else is dropped. */
export function parseLocated(line: string): Located[] {
  const match = /^\.?(\/.*?):(\d+):(.*)$/.exec(line)
  return match ? [{ file: match[1] ?? '', line: Number(match[2]), text: match[3] ?? '' }] : []
}

/** `-rw-r--r-- 644 0 0 12 ./path` of GNU, BusyBox and BSD stat. */
export function parseStat(
  line: string,
  users: ReadonlyMap<number, string>,
  groups: ReadonlyMap<number, string>,
): FileEntry[] {
  const match = /^([-dlpsbc])\S{9}\S? (\d+) (\d+) (\d+) (\d+) \.?(\/.*)$/.exec(line)
  if (!match) return []
  const [, type = '-', mode = '0', uid = '0', gid = '0', bytes = '0', path = ''] = match
  return [
    {
      path,
      type: type === '-' ? 'f' : type,
      mode: String(Number(mode)).padStart(3, '0'),
      owner: users.get(Number(uid)) ?? uid,
      group: groups.get(Number(gid)) ?? gid,
      bytes: Number(bytes),
    },
  ]
}

/** `./path -> target` lines as a map. */
export function parseLinks(lines: readonly string[]): Map<string, string> {
  const links = new Map<string, string>()
  for (const line of lines) {
    const match = /^\.?(\/.*?) -> (.*)$/.exec(line)
    if (match) links.set(match[1] ?? '', match[2] ?? '')
  }
  return links
}

/** `KEY=value`, `KEY="value"`, `export KEY='value'`: shell-like assignments, later ones win. */
export function parseAssignments(lines: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const line of lines) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (match) values[match[1] ?? ''] = unquote(match[2] ?? '')
  }
  return values
}

export function unquote(text: string): string {
  const match = /^(["'])(.*)\1\s*(?:#.*)?$/.exec(text)
  return match ? (match[2] ?? '').replace(/\\(["$`\\])/g, '$1') : text
}

/** Non-empty words. */
export function words(text: string): string[] {
  return text.match(/\S+/g) ?? []
}

/** Lines grouped by file, in order of appearance. */
export function byFile(lines: readonly Located[]): Map<string, Located[]> {
  const files = new Map<string, Located[]>()
  for (const line of lines) {
    const known = files.get(line.file)
    if (known) known.push(line)
    else files.set(line.file, [line])
  }
  return files
}
