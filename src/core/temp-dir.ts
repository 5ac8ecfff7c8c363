import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive, markText, ownMark, parseMark } from './process-mark.ts'

/**
 * Makes a private temporary folder whose name tells which process it belongs to, so that a sweep can remove it after a crash.
 * @param kind one short word, for people who look into the temporary folder
 */
export async function makeTempDir(kind: string): Promise<string> {
  return await mkdtemp(join(tmpdir(), `harness-${kind}-${markText(ownMark())}-`))
}

/** Temporary folders of processes that are gone. */
export async function findStaleTempDirs(): Promise<string[]> {
  const names = await readdir(tmpdir()).catch(() => [])
  return names.filter(isStaleName).map((name) => join(tmpdir(), name))
}

/** The temporary folder of a process that is gone, when `path` leads into one, whether it still exists or not. */
export function staleTempDirOf(path: string): string | undefined {
  const root = join(tmpdir(), '/')
  const name = path.startsWith(root) ? (path.slice(root.length).split('/')[0] ?? '') : ''
  return isStaleName(name) ? join(tmpdir(), name) : undefined
}

function isStaleName(name: string): boolean {
  if (!/^harness-[a-z]+-\d+-\d+-/.test(name)) return false
  const mark = parseMark(name)
  return mark !== undefined && !isAlive(mark)
}
