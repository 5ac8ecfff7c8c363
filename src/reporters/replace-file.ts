import { open, rename, rm } from 'node:fs/promises'

const CHUNK_CHARS = 1024 * 1024

/** Writes a file part by part and puts it in the place of the old one in one step. Returns its path. */
export async function replaceFile(path: string, parts: Iterable<string>): Promise<string> {
  const fresh = `${path}.${process.pid}.tmp`
  try {
    await using file = await open(fresh, 'w')
    let waiting: string[] = []
    let chars = 0
    // The next parts are made while the last ones are written.
    let written: Promise<void> = Promise.resolve()
    for (const part of parts) {
      waiting.push(part)
      chars += part.length
      if (chars < CHUNK_CHARS) continue
      await written
      written = file.writeFile(waiting.join(''))
      // Whoever waits first is told of an error, and that is the next turn.
      written.catch(() => {})
      waiting = []
      chars = 0
    }
    await written
    await file.writeFile(waiting.join(''))
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  return path
}
