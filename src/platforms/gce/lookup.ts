import { ConfigError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Choices } from '../cloud-places.ts'
import type { LaunchRequest } from '../platform.ts'
import type { GceClient, MachineType } from './client.ts'
import { manifest } from './manifest.ts'
import type { GceOptions } from './options.ts'
import { parseExtra } from './options.ts'

const DEFAULT_REGION = 'us-central1'

/** What the API says of zones and types, asked once. */
export class Lookup {
  readonly #client: GceClient
  readonly #options: GceOptions
  readonly #types = new Map<string, Promise<MachineType | undefined>>()
  readonly #zones = new Map<string, Promise<string[]>>()

  constructor(client: GceClient, options: GceOptions) {
    this.#client = client
    this.#options = options
  }

  /** The type, or undefined where this zone has none of that name. */
  async machineType(zone: string, name: string, waiting: CallWaiting): Promise<MachineType | undefined> {
    return await kept(this.#types, `${zone}/${name}`, () => this.#client.machineType(zone, name, waiting))
  }

  /** Where a launch may be tried, in the order the options and the axes of its cell allow. @throws ConfigError */
  async choices(request: LaunchRequest, waiting: CallWaiting): Promise<Choices> {
    const options = this.#options
    const { region, zone } = parseExtra(request)
    const wanted = request.instanceType ?? manifest.defaultInstanceType
    const types = [wanted, ...(options['equivalent-types']?.[wanted] ?? [])]
    if (zone !== undefined) {
      const [, itsRegion] = /^([a-z]+-[a-z]+\d+)-[a-z]$/.exec(zone) ?? []
      if (itsRegion === undefined) throw new ConfigError(`"${zone}" is no zone`, { hint: 'for example us-central1-a' })
      return { regions: [{ region: itsRegion, zones: [zone] }], types }
    }
    const first = region ?? options.region ?? regionOf(options.zones?.[0]) ?? DEFAULT_REGION
    const names = [first, ...(region === undefined ? (options['other-regions'] ?? []) : [])]
    const regions = []
    for (const name of new Set(names)) regions.push({ region: name, zones: await this.#zonesOf(name, waiting) })
    return { regions, types }
  }

  async #zonesOf(region: string, waiting: CallWaiting): Promise<string[]> {
    const given = this.#options.zones?.filter((zone) => regionOf(zone) === region)
    if (given && given.length > 0) return given
    return await kept(this.#zones, region, async () => {
      const { zones } = await this.#client.region(region, waiting)
      return (zones ?? []).map((link) => link.split('/').at(-1) ?? '').toSorted()
    })
  }
}

/** `us-central1` of `us-central1-a`. */
export function regionOf(zone: string | undefined): string | undefined {
  return zone?.replace(/-[a-z]$/, '')
}

async function kept<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? ask()
  known.set(key, found)
  found.catch(() => known.delete(key))
  return await found
}
