import { ConfigError } from '../core/errors.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'
import { nearest } from '../matrix/nearest.ts'

/** Refuses platforms of a matrix that do not exist. @throws ConfigError with line and column */
export async function refuseUnknownPlatforms({ matrix, positionOf }: LoadedMatrix): Promise<void> {
  const { platforms } = await import('../platforms/registry.gen.ts')
  const known = Object.keys(platforms)
  const named = [
    ...matrix.axes.platform.map((name, index) => ({ name, path: ['axes', 'platform', index] })),
    ...(matrix.include ?? []).map(({ platform: name }, index) => ({ name, path: ['include', index, 'platform'] })),
  ]
  for (const { name, path } of named) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new ConfigError(`there is no platform "${name}"`, {
      position: positionOf(path),
      hint: near ? `did you mean "${near}"?` : `choose one of ${known.join(', ')}`,
    })
  }
}
