import type { Owner, Resource, ResourceKind } from '../platform.ts'
import type { Tag, TagSpecification } from './client.ts'

const RUN = 'harness:run'
const CELL = 'harness:cell'
const ATTEMPT = 'harness:attempt'
export const EXPIRES = 'harness:expires'

export const MARKS: readonly string[] = [RUN, CELL, EXPIRES]

/** Things shared by the cells of a run live as long as any of them may. */
const SHARED_MS = 24 * 3_600_000

/** Marks of an owner. */
export function tagsOf(owner: Owner, name: string): Tag[] {
  return [
    { Key: 'Name', Value: name },
    { Key: RUN, Value: owner.runId },
    { Key: CELL, Value: owner.cell },
    { Key: ATTEMPT, Value: String(owner.attempt) },
    { Key: EXPIRES, Value: owner.expires },
  ]
}

/** For what all cells of a run share. */
export function sharedOwner({ runId }: Owner): Owner {
  return { runId, cell: 'none', attempt: 1, expires: new Date(Date.now() + SHARED_MS).toISOString() }
}

/** The same marks on several kinds of resources that one call makes. */
export function tagged(kinds: readonly TagSpecification['ResourceType'][], tags: Tag[]): TagSpecification[] {
  return kinds.map((ResourceType) => ({ ResourceType, Tags: tags }))
}

/** Reads the marks; undefined for what is not ours. */
export function ownerIn(tags: readonly Tag[] | undefined): Owner | undefined {
  const value = (key: string) => tags?.find(({ Key }) => Key === key)?.Value
  const runId = value(RUN)
  if (!runId) return undefined
  return { runId, cell: value(CELL) ?? '', attempt: Number(value(ATTEMPT) ?? 1), expires: value(EXPIRES) ?? '' }
}

export function resourceOf(kind: ResourceKind, id: string, owner: Owner): Resource {
  return { kind, id, runId: owner.runId, cell: owner.cell, expires: owner.expires || undefined }
}
