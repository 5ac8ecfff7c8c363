import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and what is missing above it; one that is there is fine. Rejects with the error of the system.
 * The recursive `mkdir` of Node 24 never returns where nothing can be made and the reason is ENOENT, such as below /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  const refused = await tryToMake(path)
  if (refused === undefined) return
  const above = dirname(path)
  if (refused.code !== 'ENOENT' || above === path) throw refused
  await makeFolder(above)
  const again = await tryToMake(path)
  if (again !== undefined) throw again
}

async function tryToMake(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path)
    return undefined
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    return isThere ? undefined : (error as NodeJS.ErrnoException)
  }
}
