import { closeSync, openSync, readSync } from 'node:fs'
import type { ProgressLine } from './protocol.ts'

/** Reads what was added to a progress file since the last look. A line that is not complete yet is left for the next. */
export class ProgressTail {
  readonly #path: string
  #offset = 0
  #partial = ''

  constructor(path: string) {
    this.#path = path
  }

  read(): ProgressLine[] {
    const text = this.#partial + this.#newText()
    const lines = text.split('\n')
    this.#partial = lines.pop() ?? ''
    return lines.filter(Boolean).map((line) => JSON.parse(line) as ProgressLine)
  }

  #newText(): string {
    let fd: number
    try {
      fd = openSync(this.#path, 'r')
    } catch {
      return ''
    }
    try {
      const chunks: Buffer[] = []
      for (;;) {
        const chunk = Buffer.alloc(65_536)
        const bytes = readSync(fd, chunk, 0, chunk.length, this.#offset)
        if (bytes === 0) break
        this.#offset += bytes
        chunks.push(chunk.subarray(0, bytes))
      }
      // Cut at the last line end, so that no character is cut in two.
      const all = Buffer.concat(chunks)
      const end = all.lastIndexOf(0x0a) + 1
      this.#offset -= all.length - end
      return all.subarray(0, end).toString('utf8')
    } finally {
      closeSync(fd)
    }
  }
}
