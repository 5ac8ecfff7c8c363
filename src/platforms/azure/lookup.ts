import type { CallWaiting } from '../cloud-calls.ts'
import type { Choices } from '../cloud-places.ts'
import type { LaunchRequest } from '../platform.ts'
import type { AzureClient } from './client.ts'
import { manifest } from './manifest.ts'
import { parseExtra } from './options.ts'
import type { AzureOptions } from './options.ts'
import { sizeOf } from './sizes.ts'
import type { Size } from './sizes.ts'

const DEFAULT_REGION = 'westeurope'
/** Stands for leaving the zone to Azure. */
export const ANY_ZONE = 'any'

/** What the API says of locations and sizes, asked once. */
export class Lookup {
  readonly #client: AzureClient
  readonly #options: AzureOptions
  readonly #sizes = new Map<string, Promise<Map<string, Size>>>()

  constructor(client: AzureClient, options: AzureOptions) {
    this.#client = client
    this.#options = options
  }

  /** The location a launch is tried in first. */
  location(request: Pick<LaunchRequest, 'extra'>): string {
    return parseExtra(request).region ?? this.#options.region ?? DEFAULT_REGION
  }

  /** The size, or undefined where this location has none of that name, or not for this subscription. */
  async size(location: string, name: string, waiting: CallWaiting): Promise<Size | undefined> {
    const known = this.#sizes.get(location) ?? this.#read(location, waiting)
    this.#sizes.set(location, known)
    known.catch(() => this.#sizes.delete(location))
    const size = (await known).get(name.toLowerCase())
    return size?.closed === undefined ? size : undefined
  }

  /** Where a launch may be tried, in the order the options and the axes of its cell allow. */
  choices(request: LaunchRequest): Choices {
    const options = this.#options
    const { region, zone } = parseExtra(request)
    const wanted = request.instanceType ?? manifest.defaultInstanceType
    const first = this.location(request)
    const names = [first, ...(region === undefined ? (options['other-regions'] ?? []) : [])]
    const zones = zone === undefined ? (options.zones ?? [ANY_ZONE]) : [zone]
    return {
      regions: [...new Set(names)].map((name) => ({ region: name, zones })),
      types: [wanted, ...(options['equivalent-types']?.[wanted] ?? [])],
    }
  }

  async #read(location: string, waiting: CallWaiting): Promise<Map<string, Size>> {
    const found = await this.#client.sizes(location, waiting)
    return new Map(found.map((sku) => [(sku.name ?? '').toLowerCase(), sizeOf(sku, location)]))
  }
}
