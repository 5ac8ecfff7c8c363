import { type Completion, OPEN } from './completion.ts'
import type { Demand, Model, Row } from './model.ts'

/** Some axes whose combinations of values are wanted, and which of these are still missing. */
export interface Interaction {
  axes: readonly number[]
  /** What a value of each axis adds to the number of a combination. */
  weights: readonly number[]
  /** How many values each axis has. */
  sizes: readonly number[]
  /** For each combination, in how many rows it is; `IMPOSSIBLE` for those no valid row has. */
  seen: Int32Array
  /** How many that are possible are in no row. */
  missing: number
}

const IMPOSSIBLE = -1

/** The sets of axes a demand speaks of, without those that lie within another. */
function axisSets(model: Model, demand: Demand): number[][] {
  const several = model.axes.flatMap((axis, index) => (axis.values.length > 1 ? [index] : []))
  const weak = new Set(demand.groups.flatMap(({ axes, strength }) => (strength < demand.strength ? axes : [])))
  const sets = subsets(
    several.filter((axis) => !weak.has(axis)),
    demand.strength,
  )
  for (const { axes, strength } of demand.groups) {
    sets.push(...subsets([...new Set(axes)].filter((axis) => several.includes(axis)).sort(ascending), strength))
  }
  sets.push(...model.axes.map((_, axis) => [axis]))
  sets.sort((a, b) => b.length - a.length)
  const kept: Set<number>[] = []
  for (const set of sets) if (!kept.some((other) => set.every((axis) => other.has(axis)))) kept.push(new Set(set))
  return kept.map((set) => [...set])
}

const ascending = (a: number, b: number) => a - b

function subsets(axes: readonly number[], strength: number): number[][] {
  const size = Math.min(strength, axes.length)
  if (size === 0) return []
  const found: number[][] = []
  const grow = (from: number, chosen: number[]) => {
    if (chosen.length === size) return void found.push(chosen)
    for (let index = from; index < axes.length; index++) grow(index + 1, [...chosen, axes[index] ?? 0])
  }
  grow(0, [])
  return found
}

/** Every combination that is wanted, whether it is possible or not. */
export function allInteractions(model: Model, demand: Demand): Interaction[] {
  return axisSets(model, demand).map((axes) => {
    const sizes = axes.map((axis) => model.axes[axis]?.values.length ?? 0)
    const weights = axes.map((_, index) => sizes.slice(index + 1).reduce((product, size) => product * size, 1))
    const seen = new Int32Array(sizes.reduce((product, size) => product * size, 1))
    return { axes, weights, sizes, seen, missing: seen.length }
  })
}

/** Every combination that is wanted, the impossible ones marked. */
export function findInteractions(model: Model, demand: Demand, completion: Completion): Interaction[] {
  const interactions = allInteractions(model, demand)
  for (const interaction of interactions) {
    const { seen } = interaction
    for (let number = 0; number < seen.length; number++) {
      if (completion.isPossible(place(interaction, number, openRow(model)))) continue
      seen[number] = IMPOSSIBLE
      interaction.missing--
    }
  }
  return interactions
}

/** A row in which nothing is chosen. */
export function openRow(model: Model): Int32Array {
  return new Int32Array(model.axes.length).fill(OPEN)
}

/** Puts the values of a combination into a row. */
export function place({ axes, weights, sizes }: Interaction, number: number, row: Int32Array): Int32Array {
  for (let index = 0; index < axes.length; index++) {
    row[axes[index] ?? 0] = Math.floor(number / (weights[index] ?? 1)) % (sizes[index] ?? 1)
  }
  return row
}

/** The number of the combination a row has; the row must have a value on each of the axes. */
export function numberIn({ axes, weights }: Interaction, row: ArrayLike<number>): number {
  let number = 0
  for (let index = 0; index < axes.length; index++) number += (row[axes[index] ?? 0] ?? 0) * (weights[index] ?? 0)
  return number
}

/** Counts a row in, or out again with -1. Returns how many combinations it is the only one to have. */
export function count(interactions: readonly Interaction[], row: Row, change: 1 | -1): number {
  let alone = 0
  for (const interaction of interactions) {
    const number = numberIn(interaction, row)
    const before = interaction.seen[number] ?? IMPOSSIBLE
    if (before === IMPOSSIBLE) continue
    interaction.seen[number] = before + change
    if (change === 1 ? before === 0 : before === 1) {
      alone++
      interaction.missing -= change
    }
  }
  return alone
}

/** How many combinations of a row are in no row that was counted. */
export function gain(interactions: readonly Interaction[], row: Row): number {
  let found = 0
  for (const interaction of interactions) if (interaction.seen[numberIn(interaction, row)] === 0) found++
  return found
}
