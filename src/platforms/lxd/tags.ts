import { hostname } from 'node:os'
import type { Owner, Resource, ResourceKind } from '../platform.ts'

type Tags = Record<string, string>

/** Marks of an owner, as `user.*` keys of instances and volumes. */
export function tagsOf(owner: Owner): Tags {
  return {
    'user.harness.run': owner.runId,
    'user.harness.cell': owner.cell,
    'user.harness.attempt': String(owner.attempt),
    'user.harness.expires': owner.expires,
    'user.harness.host': hostname(),
  }
}

/** The marks something carries, to put them on what is made for it. */
export function tagsIn(config: Tags): Tags {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith('user.harness.')))
}

/** Whether something was made for this cell of this run, by this or an earlier attempt. */
export function isMadeFor(owner: Owner, config: Tags): boolean {
  return config['user.harness.run'] === owner.runId && config['user.harness.cell'] === owner.cell
}

/** A resource by its marks, or undefined when it is not ours, or of another run. */
export function resourceOf(
  kind: ResourceKind,
  id: string,
  config: Tags,
  filter: { runId?: string },
): Resource | undefined {
  const runId = config['user.harness.run']
  if (!runId || (filter.runId !== undefined && filter.runId !== runId)) return undefined
  return { kind, id, runId, cell: config['user.harness.cell'] ?? '', expires: config['user.harness.expires'] }
}
