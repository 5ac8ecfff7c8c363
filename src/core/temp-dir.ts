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
  const stale = names.filter((name) => {
    if (!/^harness-[a-z]+-\d+-\d+-/.test(name)) return false
    const mark = parseMark(name)
    return mark !== undefined && !isAlive(mark)
  })
  return stale.map((name) => join(tmpdir(), name))
}
