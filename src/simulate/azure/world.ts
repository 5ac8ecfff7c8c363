import { createHash, randomUUID } from 'node:crypto'
import { FaultScript } from '../faults.ts'
import type { FaultKind } from '../faults.ts'
import { Shutdowns } from '../shutdowns.ts'
import type { SimulatorSettings } from '../simulator.ts'
import { ApiError, notFound } from './api-error.ts'

export type Json = Record<string, unknown>

/** A resource as it is on the wire. */
export interface Resource {
  id: string
  name: string
  type: string
  location: string
  tags?: Record<string, string>
  zones?: string[]
  properties: Json
  sku?: Json
}

/** A resource, and what no answer shows of it. */
export interface Entry {
  data: Resource
  group: string
  /** The change that is going on; the next waits for it. */
  work: Promise<void>
  /** Not in lists before. */
  listedAt: number
  /** What the back end boots: of images, snapshots and disks. */
  boots?: string
  /** Of machines. */
  power?: string
  devices?: Map<string, string>
}

export interface Operation {
  id: string
  status: 'InProgress' | 'Succeeded' | 'Failed'
  error?: { code: string; message: string }
  startTime: string
  /** What `Location` gives in the end. */
  result?: unknown
}

/** What a call did: at once, or going on. */
export interface Outcome {
  status: number
  body?: unknown
  operation?: Operation
}

/** A subscription and everything in it. Ids are told apart without regard to case, as Azure does. */
export class World {
  readonly settings: SimulatorSettings
  readonly endpoint: string
  readonly subscription = '00000000-1111-4222-8333-444444444444'
  readonly faults: FaultScript
  readonly shutdowns: Shutdowns
  readonly groups = new Map<string, Resource>()
  readonly entries = new Map<string, Entry>()
  readonly operations = new Map<string, Operation>()
  /** Files that were uploaded into disks, by secret word. */
  readonly uploads = new Map<string, { file: string; disk: string }>()
  /** Consoles that may be read, by secret word. */
  readonly consoles = new Map<string, string>()
  #serial = 0

  constructor(settings: SimulatorSettings, endpoint: string) {
    this.settings = settings
    this.endpoint = endpoint
    this.faults = new FaultScript(settings.faults ?? [], settings.seed ?? 1)
    this.shutdowns = new Shutdowns(settings.backend)
  }

  strikes(kind: FaultKind, ...labels: (string | undefined)[]): boolean {
    return this.faults.strikes(kind, labels)
  }

  /** @throws ApiError */
  find(id: string): Entry {
    const entry = this.entries.get(id.toLowerCase())
    if (!entry) throw notFound(id)
    return entry
  }

  /** @throws ApiError */
  group(name: string): Resource {
    const group = this.groups.get(name.toLowerCase())
    if (!group) throw new ApiError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`)
    return group
  }

  /** Puts a resource where its id says, or changes the one that is there. */
  put(id: string, group: string, body: Partial<Resource>, properties: Json): { entry: Entry; isNew: boolean } {
    const present = this.entries.get(id.toLowerCase())
    const [, type = '', name = ''] = /\/providers\/([^/]+\/[^/]+)\/([^/]+)$/i.exec(id) ?? []
    const data: Resource = {
      ...present?.data,
      id,
      name,
      type,
      location: body.location ?? present?.data.location ?? this.group(group).location,
      ...(body.tags === undefined ? {} : { tags: body.tags }),
      ...(body.zones === undefined ? {} : { zones: body.zones }),
      ...(body.sku === undefined ? {} : { sku: body.sku }),
      properties: { ...present?.data.properties, ...properties },
    }
    if (present) {
      present.data = data
      return { entry: present, isNew: false }
    }
    const usual = this.settings.delayMs ?? 200
    const listedAt = Date.now() + (this.strikes('late-list') ? usual * 10 : usual)
    const entry: Entry = { data, group: group.toLowerCase(), work: Promise.resolve(), listedAt }
    this.entries.set(id.toLowerCase(), entry)
    return { entry, isNew: true }
  }

  remove(id: string): void {
    this.entries.delete(id.toLowerCase())
  }

  /** Begins something that takes its time, after what goes on with the same resource. */
  begin(entry: { work: Promise<void> }, run: () => Promise<unknown>): Operation {
    const operation: Operation = { id: randomUUID(), status: 'InProgress', startTime: new Date().toISOString() }
    this.operations.set(operation.id, operation)
    entry.work = entry.work.then(async () => {
      try {
        operation.result = await run()
        operation.status = 'Succeeded'
      } catch (error) {
        operation.status = 'Failed'
        const code = error instanceof ApiError ? error.code : 'InternalExecutionError'
        operation.error = { code, message: error instanceof Error ? error.message : String(error) }
      }
    })
    return operation
  }

  /** A UUID of its own. */
  uuid(): string {
    const hex = createHash('sha256')
      .update(`${this.settings.seed ?? 1} ${++this.#serial}`)
      .digest('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }

  idOf(group: string, type: string, name: string): string {
    return `/subscriptions/${this.subscription}/resourceGroups/${group}/providers/${type}/${name}`
  }
}
