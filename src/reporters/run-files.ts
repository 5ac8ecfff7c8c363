import { open } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import { cleanText } from '../core/text.ts'
import { redact } from '../core/redact.ts'

/** The path of a file of the run, or undefined when `file` would lead out of the run folder. */
export function insideRun(runDir: string, file: string): string | undefined {
  if (file === '' || file.includes('\0')) return undefined
  const path = resolve(runDir, file)
  const inside = relative(resolve(runDir), path)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? undefined : path
}

/** The last whole lines of a text file, cleaned and masked, at most `maxBytes`. Undefined when it cannot be read. */
export async function tailOf(path: string, maxBytes: number): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const from = Math.max(0, size - maxBytes)
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(size, maxBytes)),
      0,
      Math.min(size, maxBytes),
      from,
    )
    const text = buffer.subarray(0, bytesRead).toString('utf8')
    return redact(cleanText(from > 0 ? text.slice(text.indexOf('\n') + 1) : text)).trimEnd()
  } catch {
    return undefined
  }
}
