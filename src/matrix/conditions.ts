import { ConfigError } from '../core/errors.ts'
import { matchesGlob } from './glob.ts'
import type { LoadedMatrix } from './load-matrix.ts'
import { nearest } from './nearest.ts'
import type { Conditions } from './schema.ts'
import type { Path } from './yaml-source.ts'

/** Axes by name with every value they can have. */
export type Domains = ReadonlyMap<string, readonly string[]>

/** Whether values satisfy patterns. An axis without a value satisfies nothing. */
export function meets(point: Readonly<Record<string, string>>, conditions: Conditions): boolean {
  return Object.entries(conditions).every(([axis, pattern]) => pattern === undefined || matches(point[axis], pattern))
}

function matches(value: string | undefined, pattern: string | readonly string[]): boolean {
  if (value === undefined) return false
  return [pattern].flat().some((one) => value === one || matchesGlob(value, one))
}

/**
 * The values of each axis that satisfy patterns, by position.
 * @param elsewhere cells beside those of the axes, whose values may be meant too
 * @throws ConfigError for an axis the matrix does not have and a pattern no value satisfies
 */
export function readConditions(
  loaded: LoadedMatrix,
  path: Path,
  conditions: Conditions,
  domains: Domains,
  elsewhere: readonly Readonly<Record<string, string>>[] = [],
): { axis: number; values: number[] }[] {
  const names = [...domains.keys()]
  return Object.entries(conditions).flatMap(([name, pattern]) => {
    if (pattern === undefined) return []
    const values = domains.get(name)
    if (!values) throw unknownAxis(loaded, [...path, name], name, names)
    for (const [index, one] of [pattern].flat().entries()) {
      if ([...values, ...elsewhere.map((point) => point[name])].some((value) => matches(value, one))) continue
      throw nothing(
        loaded,
        Array.isArray(pattern) ? [...path, name, index] : [...path, name],
        `${name}: ${one}`,
        one,
        values,
      )
    }
    return [{ axis: names.indexOf(name), values: [...values.keys()].filter((at) => matches(values[at], pattern)) }]
  })
}

/** @throws always: a name that is no axis */
export function unknownAxis(loaded: LoadedMatrix, path: Path, name: string, known: readonly string[]): ConfigError {
  const near = nearest(name, known)
  return new ConfigError(`"${name}" is not an axis of this matrix`, {
    position: loaded.positionOf(path),
    hint: near ? `did you mean "${near}"?` : `its axes are ${known.join(', ')}`,
  })
}

function nothing(loaded: LoadedMatrix, path: Path, what: string, word: string, values: readonly string[]): ConfigError {
  const near = nearest(word, values)
  return new ConfigError(`"${what}" matches no cell`, {
    position: loaded.positionOf(path),
    hint: near ? `did you mean "${near}"?` : 'remove it, or correct its value',
  })
}
