import type * as Compute from '@google-cloud/compute'
import type * as Library from 'google-auth-library'
import { PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import { persistently } from '../cloud-calls.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { loadPackage } from '../load-package.ts'
import { operationError, toPlatformError } from './errors.ts'
import { manifest } from './manifest.ts'
import type { GceOptions } from './options.ts'

type Operation = Compute.protos.google.cloud.compute.v1.IOperation
type Sdk = typeof Compute

/** The SDK's own retries are off: they differ between its versions, and ours know what may be sent again. */
interface CallOptions {
  timeout: number
  retry: null
  autoPaginate: false
}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

/** The SDK with what every call of it is given. */
interface Connection {
  sdk: Sdk
  auth: Library.GoogleAuth
  /** For the constructors of the SDK's clients. */
  settings: NonNullable<ConstructorParameters<typeof Compute.InstancesClient>[0]>
  project: string
}

/** Loads the SDK and finds out who calls. @throws PrerequisiteError without the packages or without credentials */
export async function connect(options: GceOptions): Promise<Connection> {
  const { default: sdk, library } = await loadPackage('the platform gce', manifest.packages, async () => {
    const [compute, library] = await Promise.all([import('@google-cloud/compute'), import('google-auth-library')])
    return { default: compute, library }
  })
  const auth = await credentials(library, options)
  const project = options.project ?? (await projectOf(auth))
  const endpoint = options.endpoint === undefined ? undefined : new URL(options.endpoint)
  const settings = {
    auth,
    projectId: project,
    fallback: true,
    ...(endpoint
      ? {
          apiEndpoint: endpoint.hostname,
          port: Number(endpoint.port || (endpoint.protocol === 'http:' ? 80 : 443)),
          protocol: endpoint.protocol.slice(0, -1),
        }
      : {}),
  }
  return { sdk, auth, settings, project }
}

async function credentials(library: typeof Library, options: GceOptions): Promise<Library.GoogleAuth> {
  const { GoogleAuth, OAuth2Client } = library
  const project = options.project === undefined ? {} : { projectId: options.project }
  if (options['access-token'] !== undefined) {
    const authClient = new OAuth2Client()
    authClient.setCredentials({ access_token: options['access-token'], expiry_date: Date.now() + 24 * 3_600_000 })
    return new GoogleAuth({ authClient, ...project })
  }
  const keyFile = options['key-file'] === undefined ? {} : { keyFilename: options['key-file'] }
  const auth = new GoogleAuth({ scopes: [SCOPE], ...project, ...keyFile })
  await auth.getClient().catch((error: unknown) => {
    throw toPlatformError(error, 'signing in')
  })
  return auth
}

async function projectOf(auth: Library.GoogleAuth): Promise<string> {
  try {
    return await auth.getProjectId()
  } catch (error) {
    throw toPlatformError(error, 'looking for the project')
  }
}

/** A read. Throttling and failures of the service are waited out. @throws PlatformError, CancelledError */
export async function read<T>(
  doing: string,
  waiting: CallWaiting,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  return await persistently(
    doing,
    waiting,
    (error) => toPlatformError(error, doing),
    ({ timeoutMs }) => call({ timeout: timeoutMs, retry: null, autoPaginate: false }),
  )
}

/** The same for something that may not be there. */
export async function ifThere<T>(
  doing: string,
  waiting: CallWaiting,
  call: (options: CallOptions) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read(doing, waiting, call)
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return undefined
    throw error
  }
}

/** The operation in what a changing call of the SDK resolves with. */
function operationIn(answer: readonly unknown[]): Operation {
  return (answer[0] as { latestResponse: Operation }).latestResponse
}

/**
 * Waits until an operation is done. `wait` is the API's own call, which answers when the operation ends or after some time:
 * the only kind of polling there is here.
 * @throws PlatformError with what the operation ended with, which the SDK does not throw
 */
async function untilDone(
  doing: string,
  waiting: CallWaiting,
  started: Operation,
  wait: (name: string, options: CallOptions) => Promise<Operation>,
): Promise<void> {
  const { deadlineMs, signal } = waiting
  let operation = started
  const until = performance.now() + deadlineMs
  await waitUntil(
    { what: doing, deadlineMs, intervalMs: 50, maxIntervalMs: 2000, ...(signal ? { signal } : {}) },
    async () => {
      if (operation.status !== 'DONE') {
        const left = { deadlineMs: Math.max(1, until - performance.now()), signal }
        operation = await lookAt(doing, left, (options) => wait(operation.name ?? '', options))
      }
      if (operation.status === 'DONE') return { done: true, value: undefined }
      return { done: false, saw: `the operation is ${String(operation.status).toLowerCase()}` }
    },
  )
  const errors = operation.error?.errors ?? []
  if (errors.length > 0) throw operationError(errors, doing, operation.httpErrorStatusCode)
}

/** An operation that nobody knows says nothing about the resource it was about: that may still be there. */
async function lookAt(
  doing: string,
  waiting: CallWaiting,
  wait: (options: CallOptions) => Promise<Operation>,
): Promise<Operation> {
  try {
    return await read(doing, waiting, wait)
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
    throw new PlatformError('invalid', `Compute Engine does not know its own operation, ${doing}`, { cause: error })
  }
}

/** Passes over the removal of something that is gone. */
export async function forgiving(remove: () => Promise<void>): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}

type ClientName =
  | 'InstancesClient'
  | 'ZoneOperationsClient'
  | 'GlobalOperationsClient'
  | 'MachineTypesClient'
  | 'RegionsClient'
  | 'DisksClient'
  | 'ImagesClient'
  | 'NetworksClient'
  | 'FirewallsClient'

/** Makes calls, and waits for the operations they start. */
export class Caller {
  readonly project: string
  readonly #connection: Connection
  readonly #clients = new Map<ClientName, { close(): Promise<void> }>()

  constructor(connection: Connection) {
    this.#connection = connection
    this.project = connection.project
  }

  /** The SDK's client of one kind of resource, made when it is first needed. */
  client<Name extends ClientName>(name: Name): InstanceType<Sdk[Name]> {
    const present = this.#clients.get(name) ?? new this.#connection.sdk[name](this.#connection.settings)
    this.#clients.set(name, present)
    return present as InstanceType<Sdk[Name]>
  }

  inZone(zone: string) {
    return { project: this.project, zone }
  }

  async zonal(doing: string, zone: string, waiting: CallWaiting, send: Send): Promise<void> {
    await this.#change(doing, waiting, send, async (operation, options) => {
      const [now] = await this.client('ZoneOperationsClient').wait({ ...this.inZone(zone), operation }, options)
      return now
    })
  }

  async global(doing: string, waiting: CallWaiting, send: Send): Promise<void> {
    await this.#change(doing, waiting, send, async (operation, options) => {
      const [now] = await this.client('GlobalOperationsClient').wait({ project: this.project, operation }, options)
      return now
    })
  }

  async token(): Promise<string | null | undefined> {
    return await this.#connection.auth.getAccessToken()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()))
    this.#clients.clear()
  }

  async #change(doing: string, waiting: CallWaiting, send: Send, wait: Parameters<typeof untilDone>[3]): Promise<void> {
    const until = performance.now() + waiting.deadlineMs
    const answer = await read(doing, waiting, send)
    const left = { ...waiting, deadlineMs: Math.max(1, until - performance.now()) }
    await untilDone(doing, left, operationIn(answer), wait)
  }
}

type Send = (options: CallOptions) => Promise<readonly unknown[]>
