import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, markText, ownMark, parseMark } from '../../core/process-mark.ts'
import { hostError } from './errors.ts'

/** Makes a folder under a name that tells which process works in it. It gets its real name when it says what it is. */
export async function stagingFolder(parent: string): Promise<string> {
  const path = join(parent, `.new-${markText(ownMark())}-${randomBytes(4).toString('hex')}`)
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    return path
  } catch (error) {
    throw hostError(`making ${path}`, error)
  }
}

/** Gives a folder its name, in one step. False when the name is taken. */
export async function settleFolder(staged: string, path: string): Promise<boolean> {
  try {
    await rename(staged, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw hostError(`making ${path}`, error)
  }
}

/** Names of folders that have their name. */
export async function settledFolders(parent: string): Promise<string[]> {
  return (await readdir(parent).catch(() => [])).filter((name) => !name.startsWith('.'))
}

/** Names of folders whose process ended before they were finished. */
export async function staleFolders(parent: string): Promise<string[]> {
  const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith('.new-'))
  return names.filter((name) => {
    const mark = parseMark(name)
    return mark === undefined || !isAlive(mark)
  })
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
