import { randomBytes } from 'node:crypto'
import { FaultScript } from '../faults.ts'
import type { FaultKind } from '../faults.ts'
import { Shutdowns } from '../shutdowns.ts'
import type { SimulatorSettings } from '../simulator.ts'
import { ApiError, notFound } from './api-error.ts'
import { textOf } from './text-of.ts'

/** A resource as it is on the wire: plain JSON, whose shape the wire layer checks. */
export type Resource = { name: string; selfLink: string; id: string } & Record<string, unknown>

/** A machine, and what no answer shows of it. */
export interface Machine {
  data: Resource
  zone: string
  /** The change that is going on; the next waits for it. */
  work: Promise<void>
  /** Devices of the back end by the name they have here. */
  devices: Map<string, string>
  visibleAt: number
  deleteTimer?: NodeJS.Timeout
}

export interface Operation {
  data: Resource & { status: string }
  done: Promise<void>
}

/** One zone or the whole project: where names are unique. */
export interface Region {
  name: string
  zones: readonly string[]
}

/** Everything a simulated project has. */
export class Project {
  readonly settings: SimulatorSettings
  readonly faults: FaultScript
  readonly shutdowns: Shutdowns
  readonly regions: readonly Region[] = ['us-central1', 'europe-west1', 'europe-west4'].map((name) => ({
    name,
    zones: ['a', 'b', 'c'].map((letter) => `${name}-${letter}`),
  }))
  readonly machines = new Map<string, Machine>()
  readonly disks = new Map<string, Resource>()
  readonly images = new Map<string, Resource>()
  /** What the back end boots, by the path of an image. */
  readonly boots = new Map<string, string>()
  readonly networks = new Map<string, Resource>()
  readonly firewalls = new Map<string, Resource>()
  readonly operations = new Map<string, Operation>()
  readonly objects = new Map<string, string>()
  readonly #requests = new Map<string, Operation>()
  #serial = 0

  constructor(settings: SimulatorSettings) {
    this.settings = settings
    this.faults = new FaultScript(settings.faults ?? [], settings.seed ?? 1)
    this.shutdowns = new Shutdowns(settings.backend)
  }

  /** Links always name Google's own server; clients take them apart, and none is ever followed. */
  link(path: string): string {
    return `https://www.googleapis.com/compute/v1/${path}`
  }

  /** A number in a string, as ids are. */
  id(): string {
    return textOf((BigInt(this.settings.seed ?? 1) << 40n) + BigInt(1_000_000 + ++this.#serial))
  }

  strikes(kind: FaultKind, ...labels: (string | undefined)[]): boolean {
    return this.faults.strikes(kind, labels)
  }

  /** @throws ApiError for a zone there is none of */
  zone(name: string): string {
    if (!this.regions.some(({ zones }) => zones.includes(name))) throw notFound(`projects/p/zones/${name}`)
    return name
  }

  /** When something new is told of in lists. */
  visibleAt(): number {
    const usual = this.settings.delayMs ?? 200
    return Date.now() + (this.strikes('late-list', 'lists') ? usual * 10 : usual)
  }

  /** The image of a link, a path or a family; undefined when none was asked for. @throws ApiError for one there is none of */
  findImage(link: unknown): Resource | undefined {
    if (typeof link !== 'string') return undefined
    const path = /projects\/([^/]+)\/global\/images\/(family\/)?(.+)$/.exec(link)
    const [, owner = '', isFamily, name = ''] = path ?? []
    const found = isFamily ? this.newest(owner, name) : this.images.get(`projects/${owner}/global/images/${name}`)
    if (!found) throw notFound(link)
    return found
  }

  /** The newest image of a family. */
  newest(owner: string, family: string): Resource | undefined {
    const own = [...this.images].filter(
      ([path, image]) => path.startsWith(`projects/${owner}/`) && image['family'] === family,
    )
    return own.map(([, image]) => image).toSorted((a, b) => (a.name < b.name ? 1 : -1))[0]
  }

  /** The operation that the same request began before. */
  replayed(of: { type: string; target: string; requestId?: string | undefined }): Operation['data'] | undefined {
    return of.requestId === undefined ? undefined : this.#requests.get(`${of.type} ${of.target} ${of.requestId}`)?.data
  }

  /**
   * Begins an operation, or finds the one that the same request began before.
   * @param run does the work; what it throws is how the operation ends
   */
  operate(
    of: { project: string; zone?: string; type: string; target: string; requestId?: string | undefined },
    run: () => Promise<void>,
  ): Operation['data'] {
    const known = this.replayed(of)
    if (known) return known
    const name = `operation-${Date.now()}-${randomBytes(6).toString('hex')}`
    const scope = of.zone === undefined ? 'global' : `zones/${of.zone}`
    const data: Operation['data'] = {
      kind: 'compute#operation',
      id: this.id(),
      name,
      operationType: of.type,
      status: 'PENDING',
      progress: 0,
      insertTime: new Date().toISOString(),
      targetLink: of.target,
      user: 'simulated@example.com',
      selfLink: this.link(`projects/${of.project}/${scope}/operations/${name}`),
      ...(of.zone === undefined ? {} : { zone: this.link(`projects/${of.project}/zones/${of.zone}`) }),
    }
    const work = async () => {
      data.status = 'RUNNING'
      data['startTime'] = new Date().toISOString()
      try {
        await run()
      } catch (error) {
        const { code, message } = failureOf(error)
        data['error'] = { errors: [{ code, message }] }
        data['httpErrorStatusCode'] = error instanceof ApiError ? error.status : 500
        data['httpErrorMessage'] = 'FAILED'
      }
      data.status = 'DONE'
      data['progress'] = 100
      data['endTime'] = new Date().toISOString()
    }
    const operation = { data, done: work() }
    // The answer shows it as it was when it began.
    this.operations.set(name, operation)
    if (of.requestId !== undefined) this.#requests.set(`${of.type} ${of.target} ${of.requestId}`, operation)
    return { ...data, status: 'PENDING' }
  }
}

/** Codes of operations: what `reason` is in an error of a call, in capitals. */
function failureOf(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error)
  return { code: error instanceof ApiError ? error.reason : 'INTERNAL_ERROR', message }
}
