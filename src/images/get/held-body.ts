import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'

/** The body of an answer, of which nothing is lost. */
export interface HeldBody {
  /** Writes what came and what will come, in order, until the end. `take` sees every piece first and may throw. Rejects as the line broke. */
  writeTo(handle: FileHandle, take: (chunk: Buffer) => void): Promise<void>
}

/** Bytes that may wait for the disk. */
const MOST_WAITING = 8 * 1024 * 1024

/**
 * Takes the body of an answer from the moment it is called. A stream that is read by iterating, or later, drops what it holds when
 * the line breaks; those bytes would have to be downloaded again.
 */
export function holdBody(response: IncomingMessage): HeldBody {
  const waiting: Buffer[] = []
  let bytes = 0
  let end: { error?: Error } | undefined
  let wake = () => {}
  response.on('data', (chunk: Buffer) => {
    waiting.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_WAITING) response.pause()
    wake()
  })
  const finish = (error?: Error) => {
    end ??= error ? { error } : {}
    wake()
  }
  response.on('end', () => finish())
  response.on('error', finish)
  response.on('close', () => finish(response.complete ? undefined : new BrokenBody()))
  return {
    writeTo: async (handle, take) => {
      for (;;) {
        const chunk = waiting.shift()
        if (chunk) {
          take(chunk)
          await handle.write(chunk)
          bytes -= chunk.length
          if (bytes < MOST_WAITING / 2) response.resume()
        } else if (end) {
          if (end.error) throw end.error
          return
        } else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}

/** The line was closed before the end. */
class BrokenBody extends Error {
  readonly code = 'ECONNRESET'
}
