import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import type * as Sdk from '@aws-sdk/client-ec2'
import { ConfigError, PlatformError } from '../../core/errors.ts'
import { persistently } from '../cloud-calls.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { loadPackage } from '../load-package.ts'
import { toPlatformError } from './errors.ts'
import { manifest } from './manifest.ts'
import type { Ec2Options } from './options.ts'

export type {
  Filter,
  Image,
  Instance,
  InstanceTypeInfo,
  RunInstancesCommandInput,
  Subnet,
  Tag,
  TagSpecification,
} from '@aws-sdk/client-ec2'

/** What every call is given. */
interface CallOptions {
  abortSignal: AbortSignal
}

type Call<T> = (ec2: Sdk.EC2, options: CallOptions) => Promise<T>

/** What a signed-in client is made of, for clients of other services of AWS. */
export interface Connection {
  region: string
  endpoint: string | undefined
  credentials: Sdk.EC2ClientConfig['credentials']
  signer: Sdk.EC2['config']['signer']
  agent: Agent | undefined
}

/** Longest that one attempt at a call may take, milliseconds: no call of EC2 takes that long, and one that hangs is made again. */
const ATTEMPT_MS = 20_000

/** Most connections at a time; more calls than that wait for one. */
const SOCKETS = 64

/**
 * EC2 in one region. The SDK's own retries are off: it would make a call again at once that finds no capacity, and ours know what may be
 * sent again.
 */
export class Ec2Client {
  readonly region: string
  readonly connection: Connection
  readonly #sdk: Sdk.EC2
  readonly #options: Ec2Options

  private constructor(sdk: Sdk.EC2, connection: Connection, options: Ec2Options) {
    this.#sdk = sdk
    this.connection = connection
    this.region = connection.region
    this.#options = options
  }

  /** Loads the SDK and finds out who calls. @throws PrerequisiteError without the package, credentials or a region */
  static async open(options: Ec2Options, region = options.region): Promise<Ec2Client> {
    const { EC2 } = await loadPackage('the platform ec2', manifest.packages, () => import('@aws-sdk/client-ec2'))
    const agent =
      options.ca === undefined
        ? undefined
        : new Agent({ keepAlive: true, maxSockets: SOCKETS, ca: await readCa(options.ca) })
    const sdk = new EC2({
      maxAttempts: 1,
      requestHandler: {
        httpsAgent: agent ?? { keepAlive: true, maxSockets: SOCKETS },
        httpAgent: { keepAlive: true, maxSockets: SOCKETS },
        connectionTimeout: 10_000,
      },
      ...(region === undefined ? {} : { region }),
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      ...credentialsOf(options),
    })
    try {
      const found = await sdk.config.region()
      await sdk.config.credentials()
      const { credentials, signer } = sdk.config
      return new Ec2Client(sdk, { region: found, endpoint: options.endpoint, credentials, signer, agent }, options)
    } catch (error) {
      sdk.destroy()
      throw toPlatformError(error, 'signing in')
    }
  }

  /** The same account in another region. */
  async in(region: string): Promise<Ec2Client> {
    return region === this.region ? this : await Ec2Client.open(this.#options, region)
  }

  /** A call that may be sent again with the same effect. Throttling and failures of the service are waited out. @throws PlatformError, CancelledError */
  async call<T>(doing: string, waiting: CallWaiting, call: Call<T>): Promise<T> {
    return await persistently(
      doing,
      waiting,
      (error) => toPlatformError(error, doing),
      ({ timeoutMs, signal }) =>
        call(this.#sdk, {
          abortSignal: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(Math.min(ATTEMPT_MS, timeoutMs)))]),
        }),
    )
  }

  /** All pages of a list. */
  async list<Page extends { NextToken?: string | undefined }, T>(
    doing: string,
    waiting: CallWaiting,
    call: (ec2: Sdk.EC2, page: { NextToken?: string }, options: CallOptions) => Promise<Page>,
    itemsOf: (page: Page) => readonly T[] | undefined,
  ): Promise<T[]> {
    const items: T[] = []
    for (let token: string | undefined; ;) {
      const page = await this.call(doing, waiting, (ec2, options) =>
        call(ec2, token === undefined ? {} : { NextToken: token }, options),
      )
      items.push(...(itemsOf(page) ?? []))
      token = page.NextToken
      if (token === undefined || token === '') return items
    }
  }

  /** vCPUs of all machines of the account that count against its quota in this region. */
  async vcpusInUse(waiting: CallWaiting): Promise<number> {
    const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopping'] }]
    const running = await this.list(
      'counting machines',
      waiting,
      (ec2, page, options) => ec2.describeInstances({ Filters, ...page }, options),
      ({ Reservations }) => Reservations?.flatMap(({ Instances = [] }) => Instances),
    )
    return running.reduce(
      (sum, { CpuOptions }) => sum + (CpuOptions?.CoreCount ?? 1) * (CpuOptions?.ThreadsPerCore ?? 2),
      0,
    )
  }

  /** Passes over a change of something that is gone. */
  async forgiving<T>(doing: string, waiting: CallWaiting, call: Call<T>): Promise<T | undefined> {
    try {
      return await this.call(doing, waiting, call)
    } catch (error) {
      if (error instanceof PlatformError && error.kind === 'not-found') return undefined
      throw error
    }
  }

  close(): void {
    this.#sdk.destroy()
  }
}

function credentialsOf(options: Ec2Options): Pick<Sdk.EC2ClientConfig, 'credentials'> {
  const { 'access-key-id': accessKeyId, 'secret-access-key': secretAccessKey, 'session-token': sessionToken } = options
  if (accessKeyId === undefined || secretAccessKey === undefined) return {}
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read the certificate ${path}: ${(error as Error).message}`, { cause: error })
  }
}
