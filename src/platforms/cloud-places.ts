import { PlatformError } from '../core/errors.ts'

/** Where a machine may be made, and as what. */
export interface Place {
  region: string
  zone: string
  instanceType: string
}

/** What the matrix allows, each list in the order it is tried. */
export interface Choices {
  /** Zones of each region. */
  regions: readonly { region: string; zones: readonly string[] }[]
  types: readonly string[]
}

/** Every place that is allowed: all zones first, then equivalent types, then other regions. */
export function placesIn({ regions, types }: Choices): Place[] {
  return regions.flatMap(({ region, zones }) =>
    types.flatMap((instanceType) => zones.map((zone) => ({ region, zone, instanceType }))),
  )
}

/**
 * Tries one place after the other as long as there is no capacity, and for no other reason.
 * @param attempt may say by `'unfit'` that this place has no such type
 * @throws what the last place said; PlatformError not-found when no place has the type
 */
export async function firstWithCapacity<T>(
  places: readonly Place[],
  attempt: (place: Place) => Promise<T | 'unfit'>,
): Promise<{ place: Place; value: T }> {
  let lack: PlatformError | undefined
  for (const place of places) {
    try {
      const value = await attempt(place)
      if (value !== 'unfit') return { place, value }
    } catch (error) {
      if (!(error instanceof PlatformError && error.kind === 'capacity')) throw error
      lack = error
    }
  }
  if (!lack) {
    const types = [...new Set(places.map(({ instanceType }) => instanceType))].join(', ')
    const zones = [...new Set(places.map(({ zone }) => zone))].join(', ')
    throw new PlatformError('not-found', `there is no type ${types} in ${zones || 'any zone'}`, {
      hint: 'choose another instance-type, zone or region',
      cause: new Error(`no such type in ${zones}`),
    })
  }
  throw exhausted(lack, places)
}

function exhausted(lack: PlatformError, places: readonly Place[]): PlatformError {
  if (places.length < 2) return lack
  const tried = places.map(({ zone, instanceType }) => `${instanceType} in ${zone}`).slice(0, 6)
  return new PlatformError('capacity', `no capacity: tried ${tried.join(', ')}; ${lack.message}`, {
    cause: lack,
    ...(lack.hint === undefined ? {} : { hint: lack.hint }),
  })
}
