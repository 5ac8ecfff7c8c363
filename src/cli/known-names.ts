import { ConfigError } from '../core/errors.ts'
import { nearest } from '../matrix/nearest.ts'
import { unknownWord } from './parse.ts'

interface Scope {
  platforms?: readonly string[]
  notPlatforms?: readonly string[]
  distributions?: readonly string[]
}

/** Refuses a platform that neither the harness has nor a check or log rule speaks of. @throws ConfigError */
export async function mustBePlatform(name: string | undefined, scopes: readonly Scope[]): Promise<void> {
  if (name === undefined) return
  const { platforms } = await import('../platforms/registry.gen.ts')
  const spoken = scopes.flatMap((scope) => [...(scope.platforms ?? []), ...(scope.notPlatforms ?? [])])
  const known = new Set([...Object.keys(platforms), ...spoken])
  if (!known.has(name)) throw unknownWord(`platform ${name}`, name, known, 'harness list platforms')
}

/** Refuses a distribution that neither the harness knows nor a log rule speaks of. @throws ConfigError */
export async function mustBeDistribution(name: string | undefined, scopes: readonly Scope[]): Promise<void> {
  if (name === undefined) return
  const { DISTRIBUTIONS } = await import('../distros/distributions.ts')
  const known = new Set([
    ...DISTRIBUTIONS.flatMap(({ id, aliases }) => [id, ...aliases]),
    ...scopes.flatMap(({ distributions = [] }) => distributions),
  ])
  if (known.has(name)) return
  const near = nearest(name, known)
  throw new ConfigError(`unknown distribution ${name}${near === undefined ? '' : `; did you mean ${near}?`}`, {
    ...(near === undefined ? { hint: `the distributions are ${[...known].join(', ')}` } : {}),
  })
}
