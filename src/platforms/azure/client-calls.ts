import type * as ArmCompute from '@azure/arm-compute'
import type * as ArmNetwork from '@azure/arm-network'
import type * as ArmResources from '@azure/arm-resources'
import { readFile } from 'node:fs/promises'
import { CancelledError, ConfigError, PlatformError, PrerequisiteError } from '../../core/errors.ts'
import { persistently } from '../cloud-calls.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { loadPackage } from '../load-package.ts'
import { toPlatformError } from './errors.ts'
import { manifest } from './manifest.ts'
import type { AzureOptions } from './options.ts'

/** The clients of the SDK, signed in. */
export interface Connection {
  compute: ArmCompute.ComputeManagementClient
  network: ArmNetwork.NetworkManagementClient
  resources: ArmResources.ResourceManagementClient
  subscription: string
  /** Certificates of authorities that are trusted besides, PEM. */
  ca: string | undefined
  pollMs: number
}

/** Loads the SDK and signs in. @throws PrerequisiteError, ConfigError */
export async function connect(options: AzureOptions): Promise<Connection> {
  const subscription = options.subscription ?? process.env['AZURE_SUBSCRIPTION_ID']
  if (subscription === undefined)
    throw new PrerequisiteError('no subscription of Azure was given', {
      hint: 'set `subscription`, or AZURE_SUBSCRIPTION_ID: az account show --query id',
    })
  const [compute, network, resources, identity] = await loadPackage('the platform azure', manifest.packages, () =>
    Promise.all([
      import('@azure/arm-compute'),
      import('@azure/arm-network'),
      import('@azure/arm-resources'),
      import('@azure/identity'),
    ]),
  )
  const ca = options.ca === undefined ? undefined : await certificates(options.ca)
  const token = options['access-token']
  const day = 24 * 3_600_000
  const credential =
    token === undefined
      ? new identity.DefaultAzureCredential()
      : { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + day }) }
  const settings = {
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(ca === undefined ? {} : { tlsOptions: { ca } }),
    // Ours know what may be sent again; the SDK's would multiply them.
    retryOptions: { maxRetries: 0 },
  }
  return {
    compute: new compute.ComputeManagementClient(credential, subscription, settings),
    network: new network.NetworkManagementClient(credential, subscription, settings),
    resources: new resources.ResourceManagementClient(credential, subscription, settings),
    subscription,
    ca,
    pollMs: options['poll-ms'] ?? 2000,
  }
}

async function certificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`ca: cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}

export interface CallOptions {
  abortSignal: AbortSignal
}

/** A call that may be made again: a read, or a change of something that we named. @throws PlatformError, CancelledError */
export async function call<T>(
  doing: string,
  waiting: CallWaiting,
  make: (options: CallOptions) => Promise<T>,
): Promise<T> {
  return await persistently(
    doing,
    waiting,
    (error) => toPlatformError(error, doing),
    async ({ timeoutMs, signal }) =>
      await make({ abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) }),
  )
}

/** The same for something that may not be there. */
export async function ifThere<T>(
  doing: string,
  waiting: CallWaiting,
  make: (options: CallOptions) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call(doing, waiting, make)
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return undefined
    throw error
  }
}

/**
 * A change that takes its time: sent, and its operation looked at until it ended. What fails on the way is sent again, for every change
 * here names its resource. @throws PlatformError with what the operation ended with
 */
export async function change<T>(
  doing: string,
  waiting: CallWaiting,
  connection: Connection,
  begin: (options: CallOptions & { updateIntervalInMs: number }) => PromiseLike<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(waiting.deadlineMs)))
  return await persistently(
    doing,
    waiting,
    (error) =>
      deadline.aborted
        ? new PlatformError('unavailable', `Azure did not end ${doing} in time`, { cause: error })
        : toPlatformError(error, doing),
    async ({ signal }) => {
      const abortSignal = AbortSignal.any([signal, deadline])
      try {
        return await begin({ abortSignal, updateIntervalInMs: connection.pollMs })
      } catch (error) {
        if (waiting.signal?.aborted) throw new CancelledError(`cancelled while ${doing}`, { cause: error })
        throw error
      }
    },
  )
}

/** Passes over the removal of something that is gone. */
export async function forgiving(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}
