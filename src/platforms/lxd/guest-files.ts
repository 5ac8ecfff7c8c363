import type { IncomingMessage } from 'node:http'
import { PlatformError, TransportError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { LxdClient } from './client.ts'
import { orMissing } from './errors.ts'

interface Reading {
  deadlineMs: number
  signal?: AbortSignal
  maxBytes: number
}

/** With growing pauses: 2.8 s altogether. */
const HELPER_ATTEMPTS = 8

const filesPath = (instance: string) => `/1.0/instances/${instance}/files`

/** Writes a file as root, running or stopped. An existing file is overwritten and keeps its owner and mode. */
export async function writeGuestFile(
  client: LxdClient,
  instance: string,
  bytes: Uint8Array,
  remotePath: string,
  options: { mode?: number; deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const headers = {
    'content-type': 'application/octet-stream',
    'x-lxd-type': 'file',
    'x-lxd-write': 'overwrite',
    'x-lxd-uid': '0',
    'x-lxd-gid': '0',
    'x-lxd-mode': `0${(options.mode ?? 0o644).toString(8)}`,
    'x-incus-type': 'file',
  }
  const { deadlineMs, signal } = options
  const call = untilHelperAnswers(() =>
    client.call('POST', filesPath(instance), { bytes }, { query: { path: remotePath }, headers, deadlineMs, signal }),
  )
  await call.catch((error: unknown) => {
    throw orMissing(error, `${remotePath} on ${instance}`)
  })
}

/** Reads a small file as root. @throws PlatformError not-found; TransportError when cut off or too big */
export async function readGuestFile(
  client: LxdClient,
  instance: string,
  remotePath: string,
  options: Reading,
): Promise<Uint8Array> {
  const { deadlineMs, signal } = options
  const opening = untilHelperAnswers(() =>
    client.open(filesPath(instance), { query: { path: remotePath }, deadlineMs, signal }),
  )
  const { headers, body } = await opening.catch((error: unknown) => {
    throw orMissing(error, `${remotePath} on ${instance}`)
  })
  if (headers['x-lxd-type'] === 'directory' || headers['x-incus-type'] === 'directory') {
    body.resume()
    throw new PlatformError('invalid', `${remotePath} on ${instance} is a directory`)
  }
  try {
    return await intoMemory(body, remotePath, options.maxBytes)
  } catch (error) {
    if (error instanceof TransportError) throw error
    const reason = options.signal?.aborted ? 'lost' : 'timeout'
    throw new TransportError(body.complete ? 'protocol' : reason, `reading ${remotePath} from ${instance} broke off`, {
      cause: error,
    })
  }
}

/** Names in a folder. @throws PlatformError not-found */
export async function listGuestFolder(client: LxdClient, instance: string, remotePath: string): Promise<string[]> {
  return untilHelperAnswers(() => client.get<string[]>(filesPath(instance), { query: { path: remotePath } }))
}

/** Removes a file or an empty folder; one that is not there is fine. */
export async function removeGuestFile(client: LxdClient, instance: string, remotePath: string): Promise<void> {
  try {
    await untilHelperAnswers(() =>
      client.call('DELETE', filesPath(instance), undefined, { query: { path: remotePath } }),
    )
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}

/** Repeats a call about files that met the files helper of LXD as it ended; any other outcome is passed on. */
export async function untilHelperAnswers<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (attempt === HELPER_ATTEMPTS || !(error instanceof PlatformError && error.message.includes('forkfile.sock')))
        throw error
      await pause(attempt * 100)
    }
  }
}

async function intoMemory(body: IncomingMessage, remotePath: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += (chunk as Buffer).length
    if (size > maxBytes) throw new TransportError('protocol', `${remotePath} is larger than ${maxBytes} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}
