import { createServer, request } from 'node:http'
import type { ServerResponse } from 'node:http'
import { ConfigError, PlatformError } from '../core/errors.ts'
import type { DmiKey } from './cloud.ts'
import type { DocumentChange, InstanceDocument } from './document.ts'
import type { Exchange } from './exchange.ts'
import { checkFaults } from './faults.ts'
import type { Fault } from './faults.ts'
import type { ImdsService } from './imds-service.ts'

/** State of a metadata service at one moment. */
export interface ImdsState {
  document: InstanceDocument
  /** Requests since the start, or since they were last forgotten. */
  exchanges: readonly Exchange[]
  /** What the guest left there, by name: guest attributes, health reports. */
  kept: Readonly<Record<string, string>>
  faults: readonly Fault[]
  /** What the firmware of the guest should say. */
  dmi: Partial<Record<DmiKey, string>>
}

/** The metadata service of an instance, in the hands of whoever tests it. */
export interface ImdsControl {
  state(): Promise<ImdsState>
  /** Tells something else from the next request on. */
  change(change: DocumentChange): Promise<void>
  /** Replaces the faults; none ends them. */
  setFaults(faults: readonly Fault[]): Promise<void>
  /** Forgets the requests so far. */
  forget(): Promise<void>
}

const DEADLINE_MS = 10_000

/** Lets other processes of this user reach the service: a unix socket in a private folder. */
export async function listenForControl(service: ImdsService, path: string): Promise<AsyncDisposable> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () =>
      act(service, incoming.method ?? '', incoming.url ?? '', Buffer.concat(chunks).toString('utf8'), response),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path }, resolve)
  })
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function act(service: ImdsService, method: string, path: string, body: string, response: ServerResponse): void {
  try {
    if (method === 'PATCH' && path === '/document') service.change(JSON.parse(body) as DocumentChange)
    else if (method === 'PUT' && path === '/faults') service.setFaults(checkFaults(JSON.parse(body)))
    else if (method === 'DELETE' && path === '/exchanges') service.forgetExchanges()
    else if (method !== 'GET') return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(stateOf(service)))
  } catch (error) {
    response.writeHead(400).end((error as Error).message)
  }
}

function stateOf(service: ImdsService): ImdsState {
  const { document, exchanges, kept, faults, cloud } = service
  return { document, exchanges, kept: Object.fromEntries(kept), faults, dmi: cloud.dmi(document) }
}

/** The service behind a control socket. @throws PlatformError unavailable when its process has ended */
export function connectControl(path: string): ImdsControl {
  const send = async (method: string, url: string, body?: unknown) => {
    const answer = await call(path, method, url, body === undefined ? '' : JSON.stringify(body))
    if (answer.status !== 200) throw new ConfigError(`the metadata service refused: ${answer.body}`)
    return JSON.parse(answer.body) as ImdsState
  }
  return {
    state: () => send('GET', '/state'),
    change: async (change) => void (await send('PATCH', '/document', change)),
    setFaults: async (faults) => void (await send('PUT', '/faults', faults)),
    forget: async () => void (await send('DELETE', '/exchanges')),
  }
}

function call(
  socketPath: string,
  method: string,
  path: string,
  body: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new PlatformError('not-found', `the metadata service of the instance does not answer: ${cause.message}`, {
          hint: 'it ends with the process that launched the instance',
          cause,
        }),
      )
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        signal: AbortSignal.timeout(DEADLINE_MS),
        headers: { 'content-length': Buffer.byteLength(body) },
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', fail)
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        )
      },
    )
    outgoing.on('error', fail)
    outgoing.end(body)
  })
}
