import type { FactFields, FileEntry } from './facts.ts'

type Sorted = Pick<FactFields, 'setuid' | 'worldWritableFiles' | 'worldWritableDirs' | 'unowned' | 'history'> & {
  keyFiles: FileEntry[]
}

const HISTORY = /(^|\/)(\.[\w-]*history|\.lesshst|\.viminfo)$/

/** Sorts the entries of one walk over the file system by mode, owner and name. */
export function sortWalk(entries: readonly FileEntry[]): Sorted {
  const bits = (entry: FileEntry, mask: number) => (Number.parseInt(entry.mode, 8) & mask) !== 0
  const notLink = entries.filter((entry) => entry.type !== 'l')
  const unknownId = (name: string) => /^\d+$/.test(name)
  return {
    setuid: notLink.filter((entry) => entry.type === 'f' && bits(entry, 0o6000)),
    worldWritableFiles: notLink.filter((entry) => entry.type === 'f' && bits(entry, 0o002)),
    worldWritableDirs: notLink.filter((entry) => entry.type === 'd' && bits(entry, 0o002) && !bits(entry, 0o1000)),
    unowned: entries.filter((entry) => unknownId(entry.owner) || unknownId(entry.group)),
    history: notLink.filter((entry) => entry.type === 'f' && entry.bytes > 0 && HISTORY.test(entry.path)),
    keyFiles: notLink.filter((entry) => entry.type === 'f' && /\/authorized_keys[^/]*$/.test(entry.path)),
  }
}

/** `./root/.ssh/authorized_keys key|forced`, one line per key, counted into the files. */
export function countKeys(files: readonly FileEntry[], lines: readonly string[]): FactFields['authorizedKeys'] {
  const count = (path: string, kind: string) =>
    lines.filter((line) => line === `.${path} ${kind}` || line === `${path} ${kind}`).length
  return files.map((file) => ({ ...file, keys: count(file.path, 'key'), forced: count(file.path, 'forced') }))
}
