import { PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { Owner } from '../platform.ts'
import type { InstanceInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { removeRulesOf } from './network-rules.ts'
import { stopGuestService } from '../guest-service.ts'
import { forgetConsole } from './console.ts'
import { removeNetworksOf } from './own-network.ts'
import { stopInstance } from './power.ts'
import { isMadeFor } from './tags.ts'
import { removeVolumesOf } from './volumes.ts'

const DESTROY_MS = 120_000

interface DestroyOptions {
  deadlineMs?: number | undefined
  signal?: AbortSignal | undefined
  /** Leaves an instance alone that was not made for this owner. */
  onlyOf?: Owner
}

/** Stops by force and deletes an instance, its snapshots, and the volumes and networks made for it. One that is gone is fine. */
export async function destroyInstance(client: LxdClient, name: string, options: DestroyOptions = {}): Promise<void> {
  const deadlineMs = options.deadlineMs ?? DESTROY_MS
  const waiting = { deadlineMs, ...(options.signal === undefined ? {} : { signal: options.signal }) }
  const instance = await findInstance(client, name)
  if (instance && options.onlyOf && !isMadeFor(options.onlyOf, instance.config)) return
  if (instance) {
    await waitUntil({ what: `${name} to be deleted`, ...waiting, intervalMs: 50 }, async (): Promise<Attempt<true>> => {
      const now = await findInstance(client, name)
      if (!now) return { done: true, value: true }
      if (now.status !== 'Stopped') await stopInstance(client, name, { force: true, deadlineMs })
      return deleteOnce(client, name)
    })
  }
  await stopGuestService(name)
  await Promise.all([removeVolumesOf(client, name), removeNetworksOf(client, name), forgetConsole(client, name)])
  await removeRulesOf(client, name)
}

export async function findInstance(client: LxdClient, name: string): Promise<InstanceInfo | undefined> {
  try {
    return await client.get<InstanceInfo>(`/1.0/instances/${name}`)
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return undefined
    throw error
  }
}

async function deleteOnce(client: LxdClient, name: string): Promise<Attempt<true>> {
  try {
    await client.operate('DELETE', `/1.0/instances/${name}`)
    return { done: true, value: true }
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    if (error.kind === 'not-found') return { done: true, value: true }
    // Another delete of it may run, or its create may not have ended yet.
    if (error.kind === 'conflict' || /running|busy|in use/i.test(error.message))
      return { done: false, saw: error.message }
    throw error
  }
}
