import { createHash } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Holds a name for this process. The system gives it back when the process ends, however it ends, so a lock is never stale.
 * It is seen by processes of this host only, and of one network namespace.
 * @returns undefined when another process holds it
 */
export async function holdName(name: string): Promise<AsyncDisposable | undefined> {
  const server = createServer()
  // Abstract sockets of Linux have no file that a killed process could leave.
  const path = `\0harness-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen(path, () => resolve(true))
  })
  if (!held) return undefined
  server.unref()
  return {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
