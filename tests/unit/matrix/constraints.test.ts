import { expect, test } from 'vitest'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { dice } from './cover/brute-force.ts'

const CASES = 100
/** On a busy host. */
const PATIENT = { timeout: 60_000 }
const AXES = ['platform', 'image', 'instance-type', 'boot', 'variant'] as const
type Point = Record<string, string>

/** A matrix with rules of every kind over axes whose values share letters, so that wildcards catch several. */
function randomMatrix(seed: number) {
  const roll = dice(seed)
  const some = <T>(items: readonly T[]) => {
    const chosen = items.filter(() => roll(2) === 0)
    return chosen.length > 0 ? chosen : items.slice(0, 1)
  }
  const axes = Object.fromEntries(
    AXES.map((axis) => [axis, ['aa', 'ab', 'ba', 'bb'].slice(0, 1 + roll(4)).map((value) => `${axis[0]}${value}`)]),
  )
  const pattern = (axis: string) => {
    const values = some(axes[axis] ?? [])
    return [values, values[0] ?? '', `${values[0]?.slice(0, 2)}*`, `??${values[0]?.slice(2)}`][roll(4)]
  }
  const conditions = () =>
    Object.fromEntries(
      some(AXES)
        .slice(0, 2)
        .map((axis) => [axis, pattern(axis)]),
    )
  const constraints = Array.from({ length: 1 + roll(4) }, (_, index) => ({
    when: conditions(),
    [roll(2) === 0 ? 'only' : 'never']: conditions(),
    reason: `r${index}`,
  }))
  const own =
    roll(2) === 0 ? { [axes['platform']?.[0] ?? '']: { axes: { boot: [`-${axes['boot']?.[0]}`, '+own'] } } } : {}
  const variants = Object.fromEntries((axes['variant'] ?? []).map((name) => [name, {}]))
  return { axes, constraints, platforms: own, variants }
}

type RandomMatrix = ReturnType<typeof randomMatrix>

/** Whether the rules allow a point, read word by word as the documentation says it. */
function allowed({ axes, constraints, platforms }: RandomMatrix, point: Point): boolean {
  const changed = platforms[point['platform'] ?? '']
  const boots = changed ? [...(axes['boot'] ?? []).slice(1), 'own'] : (axes['boot'] ?? [])
  if (!boots.includes(point['boot'] ?? '')) return false
  const holds = (conditions: unknown) =>
    Object.entries(conditions as Record<string, string | string[]>).every(([axis, patterns]) =>
      [patterns]
        .flat()
        .some((one) => new RegExp(`^${one.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(point[axis] ?? '')),
    )
  return constraints.every((rule) => {
    if (!holds(rule['when'])) return true
    return rule['only'] ? holds(rule['only']) : !holds(rule['never'])
  })
}

function everyPoint({ axes, platforms }: RandomMatrix): Point[] {
  let points: Point[] = [{}]
  for (const axis of AXES) {
    const values = [...(axes[axis] ?? []), ...(axis === 'boot' && Object.keys(platforms).length > 0 ? ['own'] : [])]
    points = points.flatMap((point) => values.map((value) => ({ ...point, [axis]: value })))
  }
  return points
}

const idOf = (point: Point) =>
  `${point['platform']}/${point['image']}/${point['instance-type']}/${point['boot']},variant=${point['variant']}`

test(
  'random matrices make exactly the cells their rules allow, and each cell left out has a rule that says so',
  PATIENT,
  () => {
    let tried = 0
    for (let seed = 1; seed <= CASES; seed++) {
      const matrix = randomMatrix(seed)
      const expanded = attempt(matrix)
      if (!expanded) continue
      tried++
      const { cells, excluded } = expanded
      const points = everyPoint(matrix)
      const wanted = points.filter((point) => allowed(matrix, point)).map(idOf)
      expect(new Set(cells.map((cell) => cell.id)), `case ${seed}`).toEqual(new Set(wanted))
      for (const { id, reason } of excluded) {
        const rule = matrix.constraints.filter((one) => one['reason'] === reason)
        const point = points.find((one) => idOf(one) === id)
        expect(point && allowed({ ...matrix, constraints: rule }, point), `case ${seed}: ${id}, ${reason}`).toBe(false)
      }
    }
    expect(tried).toBeGreaterThan(CASES / 3)
  },
)

test('with coverage the same rules hold, and every pair that any allowed cell has is in some cell', PATIENT, () => {
  for (let seed = 1; seed <= CASES; seed++) {
    const matrix = randomMatrix(seed)
    const expanded = attempt({ ...matrix, coverage: { strength: 'pairwise' } })
    if (!expanded) continue
    const all = everyPoint(matrix).filter((point) => allowed(matrix, point))
    const known = new Map(all.map((point) => [idOf(point), point]))
    const chosen = expanded.cells.map((cell) => known.get(cell.id))
    expect(chosen.includes(undefined), `case ${seed}`).toBe(false)
    const pairs = (points: readonly (Point | undefined)[]) =>
      new Set(points.flatMap((point) => AXES.flatMap((a) => AXES.map((b) => `${a}=${point?.[a]} ${b}=${point?.[b]}`))))
    expect(pairs(chosen), `case ${seed}`).toEqual(pairs(all))
    expect(expanded.coverage?.valid, `case ${seed}`).toBe(BigInt(all.length))
  }
})

/** Undefined for a matrix that is refused, because a pattern matches nothing, say. */
function attempt(matrix: object) {
  try {
    return expandMatrix(parseMatrix(JSON.stringify(matrix), 'matrix.yaml'))
  } catch (error) {
    expect(String(error)).toContain('ConfigError')
    return undefined
  }
}
