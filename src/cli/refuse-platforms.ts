import { ConfigError } from '../core/errors.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'
import { nearest } from '../matrix/nearest.ts'

/** Refuses platforms of a matrix that do not exist, and options they do not take. @throws ConfigError with line and column */
export async function refusePlatforms({ matrix, positionOf, checkOptions }: LoadedMatrix): Promise<void> {
  const { platforms } = await import('../platforms/registry.gen.ts')
  const names = Object.keys(platforms)
  const named = [
    ...matrix.axes.platform.map((name, index) => ({ name, path: ['axes', 'platform', index] })),
    ...(matrix.include ?? []).map(({ platform: name }, index) => ({ name, path: ['include', index, 'platform'] })),
    ...Object.keys(matrix.platforms ?? {}).map((name) => ({ name, path: ['platforms', name] })),
  ]
  for (const { name, path } of named) {
    if (names.includes(name)) continue
    const near = nearest(name, names)
    throw new ConfigError(`there is no platform "${name}"`, {
      position: positionOf(path),
      hint: near ? `did you mean "${near}"?` : `choose one of ${names.join(', ')}`,
    })
  }
  const configured = Object.entries(platforms).filter(([name]) => matrix.platforms?.[name]?.options !== undefined)
  if (configured.length === 0) return
  const schemas = configured.map(async ([name, { options }]) => [name, await options()] as const)
  checkOptions(Object.fromEntries(await Promise.all(schemas)))
}
