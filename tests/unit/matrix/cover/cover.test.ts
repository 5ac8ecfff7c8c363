import { expect, test } from 'vitest'
import { orderRows } from '../../../../src/matrix/cover/order.ts'
import { cover } from '../../../../src/matrix/cover/cover.ts'
import type { Model, Row } from '../../../../src/matrix/cover/model.ts'
import { verifyCover } from '../../../../src/matrix/cover/verify.ts'
import { eightAxes } from '../../../../bench/models.ts'
import { allRows, combinationsOf, dice, randomCase } from './brute-force.ts'

const CASES = 200
/** On a busy host. */
const PATIENT = { timeout: 60_000 }

function required({ model, demand }: ReturnType<typeof randomCase>, rows: readonly Row[]): Set<string> {
  return new Set(rows.flatMap((row) => [...combinationsOf(model, demand, row)]))
}

function without<T>(all: ReadonlySet<T>, some: ReadonlySet<T>): Set<T> {
  return new Set([...all].filter((one) => !some.has(one)))
}

test(
  'on random models every combination that any valid row has is covered, by valid rows, and none more than needed',
  PATIENT,
  () => {
    let constrained = 0
    let impossible = 0
    for (let seed = 1; seed <= CASES; seed++) {
      const random = randomCase(seed)
      const all = allRows(random.model)
      const { rows } = cover(random.model, random.demand, { seed })
      const valid = new Set(all.map(String))
      expect(
        rows.filter((row) => !valid.has(String(row))),
        `case ${seed}`,
      ).toEqual([])
      expect(required(random, rows), `case ${seed}`).toEqual(required(random, all))
      const times = new Map<string, number>()
      const combinations = rows.map((row) => [...combinationsOf(random.model, random.demand, row)])
      for (const one of combinations.flat()) times.set(one, (times.get(one) ?? 0) + 1)
      expect(
        combinations.every((of) => of.some((one) => times.get(one) === 1)),
        `case ${seed}: all of use`,
      ).toBe(true)
      if (random.model.forbidden.length > 0) constrained++
      if (all.length === 0) impossible++
    }
    expect(constrained).toBeGreaterThan(CASES / 2)
    expect(impossible).toBeGreaterThan(0)
  },
)

test('on random models and random rows the verifier says what counting everything says', PATIENT, () => {
  let incomplete = 0
  for (let seed = 1; seed <= CASES; seed++) {
    const random = randomCase(seed)
    const { model, demand } = random
    const roll = dice(seed)
    const all = allRows(model)
    const rows = all.filter(() => roll(4) === 0)
    const strange: Row = model.axes.map(({ values }) => values.length)
    const verdict = verifyCover(model, demand, [strange, ...rows])
    expect(verdict.valid, `case ${seed}`).toBe(BigInt(all.length))
    expect(verdict.invalid).toEqual([0])
    const wanted = required(random, all)
    const missing = without(wanted, required(random, rows))
    const named = new Set(
      verdict.missing.map(({ axes, values }) => axes.map((axis, at) => `a${axis}=${values[at]}`).join()),
    )
    expect(without(named, missing), `case ${seed}`).toEqual(new Set())
    // The verifier names the largest sets only, and none with an axis that has but one value.
    const several = (part: string) => Number(model.axes[Number(part[1])]?.values.length) > 1
    const telling = (one: string) => !one.includes(',') || one.split(',').every(several)
    const within = new Set(
      [...wanted].filter(telling).flatMap((one) => one.split(',').map((_, at, parts) => parts.toSpliced(at, 1).join())),
    )
    const largest = new Set([...missing].filter((one) => telling(one) && !within.has(one)))
    expect(without(largest, named), `case ${seed}`).toEqual(new Set())
    if (missing.size > 0) incomplete++
  }
  expect(incomplete).toBeGreaterThan(CASES / 4)
})

test('a rule that leaves no row leaves no plan', () => {
  const model: Model = {
    axes: [{ name: 'a', values: ['x', 'y'] }],
    forbidden: [{ reason: 'nothing', where: [{ axis: 0, values: [0, 1] }] }],
  }
  expect(cover(model, { strength: 2, groups: [] }).rows).toEqual([])
  expect(verifyCover(model, { strength: 2, groups: [] }, [])).toMatchObject({ required: 0, impossible: 2, valid: 0n })
})

const wide: Model = {
  axes: [5, 8, 2, 3, 4].map((size, axis) => ({
    name: `a${axis}`,
    values: Array.from({ length: size }, (_, value) => `v${value}`),
  })),
  forbidden: [
    {
      reason: 'one',
      where: [
        { axis: 0, values: [0] },
        { axis: 1, values: [1, 2] },
      ],
    },
    {
      reason: 'two',
      where: [
        { axis: 2, values: [1] },
        { axis: 3, values: [0] },
      ],
    },
  ],
}

test('the same seed gives the same rows, another seed others', () => {
  const demand = { strength: 2, groups: [] }
  expect(cover(wide, demand, { seed: 3 })).toEqual(cover(wide, demand, { seed: 3 }))
  expect(cover(wide, demand, { seed: 4 }).rows).not.toEqual(cover(wide, demand, { seed: 3 }).rows)
})

test('pinned rows come first, completed; one that cannot be is named', () => {
  const pinned = [
    [4, 7, -1, -1, -1],
    [0, 1, -1, -1, -1],
  ]
  const made = cover(wide, { strength: 2, groups: [] }, { pinned })
  expect(made.pinned).toBe(1)
  expect(made.impossible).toEqual([1])
  expect(made.rows[0]?.slice(0, 2)).toEqual([4, 7])
  expect(verifyCover(wide, { strength: 2, groups: [] }, made.rows).missing).toEqual([])
})

test.each([
  [2, 491, 63],
  [3, 3666, 276],
])(
  'eight axes at strength %i: all of %i combinations in at most a tenth more rows than the best known, %i',
  PATIENT,
  (strength, required, best) => {
    const demand = { strength, groups: [] }
    const { rows } = cover(eightAxes, demand)
    expect(verifyCover(eightAxes, demand, rows)).toMatchObject({
      required,
      missing: [],
      invalid: [],
      valid: 20_152n,
      combinations: 38_016n,
    })
    expect(rows.length).toBeLessThanOrEqual(best * 1.1)
  },
)

test('an axis of less strength costs no rows, a group of more strength has all its combinations', () => {
  const strong = { strength: 1, groups: [{ axes: [0, 2, 3], strength: 3 }] }
  const { rows } = cover(wide, strong)
  expect(new Set(rows.map((row) => [row[0], row[2], row[3]].join())).size).toBe(25)
  expect(rows).toHaveLength(25)
  const weak = { strength: 2, groups: [{ axes: [1], strength: 1 }] }
  expect(cover(wide, weak).rows.length).toBeLessThan(cover(wide, { strength: 2, groups: [] }).rows.length)
})

test('earlier rows stay when a value is added, and what is missing is added', () => {
  const demand = { strength: 2, groups: [] }
  const before = cover(wide, demand).rows
  const grown: Model = {
    ...wide,
    axes: wide.axes.with(1, { name: 'a1', values: [...(wide.axes[1]?.values ?? []), 'new'] }),
  }
  const after = cover(grown, demand, { previous: before }).rows
  const texts = new Set(after.map(String))
  expect(before.filter((row) => texts.has(String(row))).length / before.length).toBeGreaterThanOrEqual(0.9)
  expect(verifyCover(grown, demand, after).missing).toEqual([])
})

test('rows are ordered by what they add for their price, and any beginning is the best buy', () => {
  const demand = { strength: 2, groups: [] }
  const { rows } = cover(wide, demand)
  // The last value of the third axis is a hundred times as dear.
  const price = (row: Row) => (row[4] === 3 ? 100 : 1)
  const ordered = orderRows(wide, demand, rows, { price, pinned: 1 })
  expect(new Set(ordered.map(({ row }) => row))).toEqual(new Set(rows))
  expect(ordered[0]?.row).toBe(rows[0])
  const combinations = verifyCover(wide, demand, []).required
  expect(ordered.reduce((sum, { adds }) => sum + adds, 0)).toBe(combinations)
  const covered = (some: readonly Row[]) => combinations - verifyCover(wide, demand, some).missing.length
  for (let length = 1; length < ordered.length; length++) {
    const before = ordered.slice(0, length).map(({ row }) => row)
    const next = ordered[length]
    if (!next) throw new Error('there is a next row')
    expect(covered([...before, next.row])).toBe(covered(before) + next.adds)
    const best = Math.max(
      ...ordered.slice(length).map(({ row }) => (covered([...before, row]) - covered(before)) / price(row)),
    )
    expect(next.adds / price(next.row)).toBe(best)
  }
})

test('earlier rows that others replace go', () => {
  const demand = { strength: 2, groups: [] }
  const previous = [...cover(wide, demand, { seed: 1 }).rows, ...cover(wide, demand, { seed: 2 }).rows]
  const { rows } = cover(wide, demand, { previous })
  expect(verifyCover(wide, demand, rows).missing).toEqual([])
  rows.forEach((_, left) => expect(verifyCover(wide, demand, rows.toSpliced(left, 1)).missing).not.toEqual([]))
})
