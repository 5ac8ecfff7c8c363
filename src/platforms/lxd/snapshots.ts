import { PlatformError } from '../../core/errors.ts'
import type { LxdClient } from './client.ts'
import type { Waiting } from './power.ts'

/** A copy-on-write picture of the disk, without memory; the machine may run. */
export async function createSnapshot(
  client: LxdClient,
  instance: string,
  name: string,
  options: Waiting,
): Promise<void> {
  await client.operate('POST', `/1.0/instances/${instance}/snapshots`, { json: { name, stateful: false } }, options)
}

/** `id` as `snapshot` returned it. One that is gone is fine. */
export async function removeSnapshot(client: LxdClient, id: string): Promise<void> {
  const { project, instance, snapshot } = parseMachineId(id)
  try {
    await client
      .inProject(project ?? client.project)
      .operate('DELETE', `/1.0/instances/${instance}/snapshots/${snapshot ?? ''}`)
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}

/** Parts of `instance`, `project:instance`, `instance/snapshot` or `project:instance/snapshot`. */
export function parseMachineId(id: string): {
  project: string | undefined
  instance: string
  snapshot: string | undefined
} {
  const [head = '', snapshot] = id.split('/')
  const colon = head.indexOf(':')
  return { project: colon < 0 ? undefined : head.slice(0, colon), instance: head.slice(colon + 1), snapshot }
}
