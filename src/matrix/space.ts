import { DEFAULT } from './cell-id.ts'
import { AXES } from './axes.ts'
import { ConfigError } from '../core/errors.ts'
import { readConditions, type Domains } from './conditions.ts'
import type { Forbidden, Model, Row } from './cover/model.ts'
import { imageName, type ImageNames } from './image-names.ts'
import type { LoadedMatrix } from './load-matrix.ts'
import { nearest } from './nearest.ts'
import { type PlatformFacts, refusals } from './platform-facts.ts'
import { changed } from './signed-list.ts'

/** All a matrix can combine: the model of its axes, and what its rows mean. */
export interface Space {
  model: Model
  /** Rules that only say which values a platform has, from those a person would want to hear of. */
  silent: ReadonlySet<Forbidden>
  domains: Domains
  /** The rules `exclude` gave, to find those that match nothing. */
  exclusions: readonly Forbidden[]
}

export interface SpaceOptions {
  platforms?: (name: string) => PlatformFacts | undefined
  /** Releases of a distribution, where they are known. */
  releases?: (distribution: string) => readonly string[] | undefined
  images?: ImageNames
}

/** Axes every cell has, whether the matrix names them or not. */
const ALWAYS = ['platform', 'instance-type', 'boot']

/**
 * Reads the axes and constraints of a matrix.
 * @throws ConfigError for axes nobody understands and constraints that cannot match
 */
export function readSpace(
  loaded: LoadedMatrix,
  options: SpaceOptions,
  included: readonly Readonly<Record<string, string>>[] = [],
): Space {
  const { matrix } = loaded
  const platforms = [...new Set(matrix.axes.platform)]
  const names = axisNames(loaded, platforms, options)
  const ofPlatform = new Map(
    platforms.map((platform) => [
      platform,
      new Map(names.map((name) => [name, valuesOn(loaded, platform, name, options)])),
    ]),
  )
  const domains = new Map(
    names.map((name) => [
      name,
      [...new Set(platforms.flatMap((platform) => ofPlatform.get(platform)?.get(name) ?? []))],
    ]),
  )
  const axisOf = (name: string) => names.indexOf(name)
  const numbers = (name: string, chosen: (value: string) => boolean) =>
    [...(domains.get(name) ?? []).entries()].flatMap(([at, value]) => (chosen(value) ? [at] : []))

  const silent: Forbidden[] = []
  const spoken: Forbidden[] = []
  const onPlatform = (platform: string) => ({ axis: 0, values: [platforms.indexOf(platform)] })
  for (const platform of platforms) {
    for (const name of names) {
      const own = new Set(ofPlatform.get(platform)?.get(name))
      const others = numbers(name, (value) => !own.has(value))
      if (others.length > 0)
        silent.push({
          reason: `not among the values of ${platform}`,
          where: [onPlatform(platform), { axis: axisOf(name), values: others }],
        })
      const facts = options.platforms?.(platform)
      if (!facts) continue
      for (const [reason, values] of refusals(
        platform,
        facts,
        name,
        [...own],
        matrix.platforms?.[platform]?.architectures,
      ))
        spoken.push({
          reason,
          where: [
            onPlatform(platform),
            { axis: axisOf(name), values: numbers(name, (value) => values.includes(value)) },
          ],
        })
    }
  }
  spoken.push(...foreignReleases(domains, axisOf, numbers, options))
  const exclusions = readExclusions(loaded, domains, included)
  const model: Model = {
    axes: names.map((name) => ({ name, values: domains.get(name) ?? [] })),
    forbidden: [...silent, ...exclusions, ...readConstraints(loaded, domains), ...spoken].map(simplified),
  }
  const quiet = new Set(model.forbidden.slice(0, silent.length))
  return {
    model,
    silent: quiet,
    domains,
    exclusions: model.forbidden.slice(silent.length, silent.length + exclusions.length),
  }
}

/** Each axis once. */
function simplified({ reason, where }: Forbidden): Forbidden {
  const byAxis = new Map<number, readonly number[]>()
  for (const { axis, values } of where) {
    const known = byAxis.get(axis)
    byAxis.set(axis, known ? known.filter((value) => values.includes(value)) : values)
  }
  return { reason, where: [...byAxis].map(([axis, values]) => ({ axis, values })) }
}

/** The values of a row by the names of their axes. */
export function pointOf(model: Model, row: Row): Record<string, string> {
  return Object.fromEntries(model.axes.map(({ name, values }, axis) => [name, values[row[axis] ?? -1] ?? DEFAULT]))
}

function axisNames(loaded: LoadedMatrix, platforms: readonly string[], options: SpaceOptions): string[] {
  const { matrix } = loaded
  const given: { name: string; path: readonly string[] }[] = Object.keys(matrix.axes).map((name) => ({
    name,
    path: ['axes', name],
  }))
  for (const platform of platforms) {
    for (const name of Object.keys(matrix.platforms?.[platform]?.axes ?? {}))
      given.push({ name, path: ['platforms', platform, 'axes', name] })
  }
  const known = new Set<string>(Object.keys(AXES))
  for (const platform of platforms)
    for (const name of Object.keys(options.platforms?.(platform)?.axes ?? {})) known.add(name)
  for (const { name, path } of given) {
    if (known.has(name)) continue
    const near = nearest(name, known)
    throw new ConfigError(`"${name}" is an axis no platform of this matrix understands`, {
      position: loaded.positionOf(path),
      hint: near ? `did you mean "${near}"?` : `known here: ${[...known].join(', ')}`,
    })
  }
  const used = new Set([...ALWAYS, ...given.map(({ name }) => name)])
  const ordered = Object.keys(AXES).filter((name) => used.has(name))
  return [...ordered, ...[...used].filter((name) => !ordered.includes(name))]
}

/** The values of an axis on one platform. */
function valuesOn(loaded: LoadedMatrix, platform: string, name: string, options: SpaceOptions): string[] {
  const { matrix } = loaded
  if (name === 'platform') return [platform]
  const general = matrix.axes[name] ?? [DEFAULT]
  const changes = matrix.platforms?.[platform]?.axes?.[name]
  let values = changes
    ? changed(general, changes, () => loaded.positionOf(['platforms', platform, 'axes', name]))
    : general
  if (name === 'image') values = values.map((value) => imageName(value, options.images))
  if (name === 'boot')
    values = values.map((value) => (value === DEFAULT ? (options.platforms?.(platform)?.boots[0] ?? DEFAULT) : value))
  return [...new Set(values)]
}

function readExclusions(
  loaded: LoadedMatrix,
  domains: Domains,
  included: readonly Readonly<Record<string, string>>[],
): Forbidden[] {
  return (loaded.matrix.exclude ?? []).map(({ reason, ...conditions }, index) => {
    const path = ['exclude', index]
    return { reason, where: readConditions(loaded, path, conditions, domains, included) }
  })
}

function readConstraints(loaded: LoadedMatrix, domains: Domains): Forbidden[] {
  return (loaded.matrix.constraints ?? []).flatMap(({ name, when, only, never, reason: why }, index) => {
    const reason = name === undefined ? why : `${name}: ${why}`
    const path = ['constraints', index]
    const where = readConditions(loaded, [...path, 'when'], when, domains)
    if (never) return [{ reason, where: [...where, ...readConditions(loaded, [...path, 'never'], never, domains)] }]
    return readConditions(loaded, [...path, 'only'], only ?? {}, domains).map(({ axis, values }) => {
      const size = model(domains, axis).length
      const others = Array.from({ length: size }, (_, value) => value).filter((value) => !values.includes(value))
      return { reason, where: [...where, { axis, values: others }] }
    })
  })
}

const model = (domains: Domains, axis: number) => [...domains.values()][axis] ?? []

/** `debian` has no release that only another distribution of the matrix has. A release nobody knows is nobody's. */
function foreignReleases(
  domains: Domains,
  axisOf: (name: string) => number,
  numbers: (name: string, chosen: (value: string) => boolean) => number[],
  { releases }: SpaceOptions,
): Forbidden[] {
  const distributions = domains.get('distribution') ?? []
  const known = new Map(distributions.map((name) => [name, releases?.(name)]))
  return distributions.flatMap((distribution, at) => {
    const own = known.get(distribution)
    if (!own) return []
    const foreign = numbers(
      'release',
      (release) => !own.includes(release) && [...known.values()].some((others) => others?.includes(release)),
    )
    if (foreign.length === 0) return []
    const where = [
      { axis: axisOf('distribution'), values: [at] },
      { axis: axisOf('release'), values: foreign },
    ]
    return [{ reason: `${distribution} has no such release`, where }]
  })
}
