import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { join } from 'node:path'
import { PlatformError } from '../../core/errors.ts'

const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Saves the parts of a multipart/form-data body as files, named `part0`, `part1` in the folder.
 * @returns the paths by the name of the part
 * @throws PlatformError unavailable when the body ends early
 */
export async function saveParts(
  body: AsyncIterable<unknown>,
  boundary: string,
  directory: string,
): Promise<Map<string, string>> {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const files = new Map<string, string>()
  // The first delimiter has no line break before it.
  let data: Buffer = Buffer.from('\r\n')
  let file: WriteStream | undefined
  let inHead = false
  let ended = false
  try {
    for await (const chunk of body) {
      data = Buffer.concat([data, chunk as Buffer])
      for (let progress = true; progress && !ended;) {
        progress = false
        const at = data.indexOf(inHead ? HEAD_END : delimiter)
        if (inHead && at >= 0) {
          const name = /name="([^"]*)"/.exec(data.subarray(0, at).toString('latin1'))?.[1] ?? ''
          const path = join(directory, `part${files.size}`)
          files.set(name, path)
          file = createWriteStream(path)
          data = data.subarray(at + HEAD_END.length)
          inHead = false
          progress = true
        } else if (!inHead) {
          const safe = at >= 0 ? at : Math.max(0, data.length - delimiter.length)
          if (file && safe > 0 && !file.write(data.subarray(0, safe))) await once(file, 'drain')
          data = data.subarray(at >= 0 ? at + delimiter.length : safe)
          if (at < 0) break
          await finish(file)
          file = undefined
          inHead = true
          progress = true
        }
        if (inHead && data.subarray(0, 2).toString('latin1') === '--') ended = true
      }
    }
  } finally {
    await finish(file)
  }
  if (!ended) throw new PlatformError('unavailable', 'the exported image ended early')
  return files
}

async function finish(file: WriteStream | undefined): Promise<void> {
  if (!file) return
  file.end()
  await once(file, 'close')
}
