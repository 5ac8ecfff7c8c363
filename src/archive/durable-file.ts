import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomBytes } from 'node:crypto'

/** Writes a file so that after a loss of power it is there whole, or not at all. */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  const fresh = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
  try {
    {
      await using file = await openNew(fresh)
      await file.writeFile(bytes)
      await file.sync()
    }
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

/** Opens a file that is not there yet; its folder is made when it is missing, which is seldom. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o644)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(dirname(path), { recursive: true })
    return await open(path, 'wx', 0o644)
  }
}

/** Writes a file so that after a loss of power it is there whole. */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeWhole(path, bytes)
  await syncFolder(dirname(path))
}

/** Makes a rename or a removal in a folder last. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}
