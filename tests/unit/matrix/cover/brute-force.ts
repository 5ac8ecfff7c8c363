import type { Demand, Model, Row } from '../../../../src/matrix/cover/model.ts'

/** Numbers for tests: the same for the same seed. */
export function dice(seed: number): (sides: number) => number {
  let state = BigInt(seed) + 88_172_645_463_325_252n
  return (sides) => {
    state ^= (state << 13n) & 0xffff_ffff_ffff_ffffn
    state ^= state >> 7n
    state ^= (state << 17n) & 0xffff_ffff_ffff_ffffn
    return Number(state % BigInt(sides))
  }
}

/** A small model with constraints of one to four axes, and something to ask of it. */
export function randomCase(seed: number): { model: Model; demand: Demand } {
  const roll = dice(seed)
  const axes = Array.from({ length: 2 + roll(4) }, (_, axis) => ({
    name: `a${axis}`,
    values: Array.from({ length: 1 + roll(4) }, (__, value) => `v${value}`),
  }))
  const some = <T>(items: readonly T[], least: number) => {
    const chosen = items.filter(() => roll(2) === 0)
    return chosen.length >= least ? chosen : items.slice(0, least)
  }
  const forbidden = Array.from({ length: roll(6) }, (_, index) => ({
    reason: `r${index}`,
    where: some([...axes.keys()], 1)
      .slice(0, 4)
      .map((axis) => ({ axis, values: some([...(axes[axis]?.values.keys() ?? [])], 1) })),
  }))
  const groups = Array.from({ length: roll(3) }, () => ({ axes: some([...axes.keys()], 1), strength: 1 + roll(3) }))
  return { model: { axes, forbidden }, demand: { strength: 1 + roll(3), groups } }
}

/** Every row that breaks no rule. */
export function allRows(model: Model): Row[] {
  let rows: number[][] = [[]]
  for (const { values } of model.axes) rows = rows.flatMap((row) => [...values.keys()].map((value) => [...row, value]))
  return rows.filter(
    (row) => !model.forbidden.some(({ where }) => where.every(({ axis, values }) => values.includes(row[axis] ?? -1))),
  )
}

/** Every combination a row has that a demand speaks of, smaller ones too. */
export function combinationsOf(model: Model, demand: Demand, row: Row): Set<string> {
  const found = new Set<string>()
  for (let bits = 1; bits < 1 << row.length; bits++) {
    const set = [...row.keys()].filter((axis) => (bits >> axis) & 1)
    const inGroup = demand.groups.some((g) => set.length <= g.strength && set.every((axis) => g.axes.includes(axis)))
    const weak = set.some((axis) => demand.groups.some((g) => g.axes.includes(axis) && g.strength < demand.strength))
    if (set.length === 1 || inGroup || (set.length <= demand.strength && !weak)) {
      found.add(set.map((axis) => `${model.axes[axis]?.name}=${row[axis]}`).join())
    }
  }
  return found
}
