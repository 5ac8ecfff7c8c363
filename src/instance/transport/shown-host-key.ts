import { CancelledError, TransportError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'

interface Place {
  host: string
  port: number
  /** Milliseconds. */
  deadlineMs: number
  signal?: AbortSignal
}

/**
 * The host key that a server shows, as `type base64`; nothing is logged in to. Only for a line whose other end is known by other means,
 * such as a port held by a process of ours.
 * @throws TransportError refused or timeout, both retryable
 */
export async function shownHostKey({ host, port, deadlineMs, signal }: Place): Promise<string> {
  const { default: ssh2 } = await import('ssh2')
  const client = new ssh2.Client()
  const name = `${host}:${port}`
  try {
    return await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new TransportError('timeout', `${name} showed no host key in ${formatMs(deadlineMs)}`)),
        deadlineMs,
      )
      const cancel = () => reject(new CancelledError(`cancelled while connecting to ${name}`))
      signal?.addEventListener('abort', cancel, { once: true })
      const end = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', cancel)
      }
      if (signal?.aborted) cancel()
      // Stays for the life of the client: an error without a listener ends the process.
      client.on('error', (error) => {
        end()
        reject(new TransportError('refused', `${name} is not reachable: ${error.message}`, { cause: error }))
      })
      client.on('close', () => {
        end()
        reject(new TransportError('refused', `${name} closed the connection before it showed a host key`))
      })
      client.connect({
        host,
        port,
        username: 'nobody',
        readyTimeout: deadlineMs + 1000,
        // No verdict is ever given: a refusal would be an error in the journal of the machine under test.
        hostVerifier: (key: Buffer, _verdict: (valid: boolean) => void) => {
          end()
          resolve(`${key.toString('latin1', 4, 4 + key.readUInt32BE(0))} ${key.toString('base64')}`)
        },
      })
    })
  } finally {
    client.destroy()
  }
}
