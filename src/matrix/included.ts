import { AXES } from './axes.ts'
import { DEFAULT } from './cell-id.ts'
import { meets, unknownAxis } from './conditions.ts'
import { imageName } from './image-names.ts'
import type { LoadedMatrix } from './load-matrix.ts'
import type { Point } from './make-cell.ts'
import { refusals } from './platform-facts.ts'
import type { Settings } from './schema.ts'
import { overridable } from './settings-schema.ts'
import type { SpaceOptions } from './space.ts'
import type { Path } from './yaml-source.ts'

/** A cell `include` names, and the settings it brings. */
export interface Included {
  point: Point
  settings: Settings
  path: Path
}

/** Reads `include`. @throws ConfigError for keys that are neither axes nor settings */
export function readIncluded(loaded: LoadedMatrix, options: SpaceOptions): Included[] {
  return (loaded.matrix.include ?? []).map((entry, index) => {
    const path = ['include', index]
    const settings: Record<string, unknown> = {}
    const point: Record<string, string> = {}
    for (const [key, value] of Object.entries(entry)) {
      if (Object.hasOwn(overridable, key)) settings[key] = value
      else if (typeof value === 'string') point[key] = value
      else throw unknownAxis(loaded, [...path, key], key, Object.keys(overridable))
    }
    const { platform = '', image = '', ...rest } = point
    const facts = options.platforms?.(platform)
    const known = [...Object.keys(AXES), ...Object.keys(facts?.axes ?? {})]
    for (const key of Object.keys(rest)) {
      if (!known.includes(key)) throw unknownAxis(loaded, [...path, key], key, [...known, ...Object.keys(overridable)])
    }
    const { 'instance-type': type = DEFAULT, boot = DEFAULT, ...more } = rest
    const ordered = {
      platform,
      image: imageName(image, options.images),
      'instance-type': type,
      boot: boot === DEFAULT ? (facts?.boots[0] ?? DEFAULT) : boot,
      ...more,
    }
    return { point: ordered, settings, path }
  })
}

/** Why a cell that was named is left out all the same, or undefined. */
export function whyNotIncluded(loaded: LoadedMatrix, point: Point, options: SpaceOptions): string | undefined {
  const { matrix } = loaded
  for (const { reason, ...conditions } of matrix.exclude ?? []) if (meets(point, conditions)) return reason
  for (const { name, when, only, never, reason } of matrix.constraints ?? []) {
    if (meets(point, when) && (never ? meets(point, never) : !meets(point, only ?? {})))
      return name === undefined ? reason : `${name}: ${reason}`
  }
  const { platform = '' } = point
  const facts = options.platforms?.(platform)
  if (!facts) return undefined
  for (const [axis, value] of Object.entries(point)) {
    const [refused] = refusals(platform, facts, axis, [value], matrix.platforms?.[platform]?.architectures)
    if (refused) return refused[0]
  }
  return undefined
}
