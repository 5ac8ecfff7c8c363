import type { Demand, Model, Row } from './model.ts'

/**
 * What rows really cover. This shares no code and no method with what makes the rows: possible combinations are counted along the layers of a
 * decision diagram, where the maker searches for a completion of each.
 */
export interface Verdict {
  /** Combinations that are wanted and that some valid row has. */
  required: number
  /** Combinations of the wanted axes that no valid row has. */
  impossible: number
  missing: { axes: number[]; values: number[] }[]
  /** Numbers of rows that are forbidden, incomplete or outside the model. */
  invalid: number[]
  /** Rows a whole plan of everything would have, and all of them had nothing been forbidden. */
  valid: bigint
  combinations: bigint
}

/** Checks a plan exactly. Pure. */
export function verifyCover(model: Model, demand: Demand, rows: readonly Row[]): Verdict {
  const sizes = model.axes.map((axis) => axis.values.length)
  const diagram = drawDiagram(model, sizes)
  const invalid = rows.flatMap((row, index) => (accepts(diagram, sizes, row) ? [] : [index]))
  const good = rows.filter((_, index) => !invalid.includes(index))
  const verdict: Verdict = {
    required: 0,
    impossible: 0,
    missing: [],
    invalid,
    valid: diagram.paths,
    combinations: sizes.reduce((product, size) => product * BigInt(size), 1n),
  }
  for (const axes of wanted(sizes, demand)) {
    const possible = reachable(diagram, sizes, axes)
    const covered = new Set(good.map((row) => rank(axes, sizes, row)))
    possible.forEach((one, number) => {
      if (one === 0) verdict.impossible++
      else {
        verdict.required++
        if (!covered.has(number)) verdict.missing.push({ axes: [...axes], values: unrank(axes, sizes, number) })
      }
    })
  }
  return verdict
}

/** For each axis: from each state and value to a state of the next axis, or -1 where a rule ends the row. */
interface Diagram {
  layers: Int32Array[]
  states: number[]
  paths: bigint
}

/**
 * A state is the set of rules that every value so far has met. A rule met to its end forbids the row.
 * States from which no row ends are cut off, so that whatever can be reached belongs to a valid row.
 */
function drawDiagram(model: Model, sizes: readonly number[]): Diagram {
  const rules = model.forbidden.map(({ where }) => {
    const byAxis = new Map<number, Set<number>>()
    for (const { axis, values } of where) {
      const known = byAxis.get(axis)
      byAxis.set(axis, new Set(values.filter((value) => known?.has(value) ?? true)))
    }
    return { byAxis, first: Math.min(...byAxis.keys()), last: Math.max(...byAxis.keys()) }
  })
  const always = rules.some((rule) => rule.byAxis.size === 0)
  const layers: Int32Array[] = []
  const states: number[] = [1]
  let current: string[] = ['']
  sizes.forEach((size, axis) => {
    const numbers = new Map<string, number>()
    const step = new Int32Array(current.length * size).fill(-1)
    current.forEach((text, state) => {
      const met = new Set(text === '' ? [] : text.split(',').map(Number))
      for (let value = 0; value < size; value++) {
        const next: number[] = []
        let ends = always
        rules.forEach((rule, index) => {
          if (rule.first > axis || rule.last < axis) return
          if (rule.first < axis && !met.has(index)) return
          const values = rule.byAxis.get(axis)
          if (values && !values.has(value)) return
          if (rule.last === axis) ends = true
          else next.push(index)
        })
        if (ends) continue
        const key = next.join(',')
        if (!numbers.has(key)) numbers.set(key, numbers.size)
        step[state * size + value] = numbers.get(key) ?? -1
      }
    })
    layers.push(step)
    current = [...numbers.keys()]
    states.push(current.length)
  })
  return { layers, states, paths: cutOff(layers, states, sizes) }
}

/** Removes steps into states that lead nowhere. Returns how many rows there are. */
function cutOff(layers: readonly Int32Array[], states: readonly number[], sizes: readonly number[]): bigint {
  let paths = Array.from({ length: states.at(-1) ?? 0 }, () => 1n)
  for (let axis = layers.length - 1; axis >= 0; axis--) {
    const step = layers[axis] ?? new Int32Array()
    const size = sizes[axis] ?? 0
    const before = Array.from({ length: states[axis] ?? 0 }, () => 0n)
    for (let at = 0; at < step.length; at++) {
      const ways = paths[step[at] ?? -1] ?? 0n
      if (ways === 0n) step[at] = -1
      else before[Math.floor(at / size)] = (before[Math.floor(at / size)] ?? 0n) + ways
    }
    paths = before
  }
  return paths[0] ?? 0n
}

function accepts({ layers }: Diagram, sizes: readonly number[], row: Row): boolean {
  let state = 0
  for (const [axis, size] of sizes.entries()) {
    const value = row[axis]
    if (value === undefined || !Number.isInteger(value) || value < 0 || value >= size) return false
    state = layers[axis]?.[state * size + value] ?? -1
    if (state < 0) return false
  }
  return row.length === sizes.length
}

/** The combinations of some axes that valid rows have: 1 for each, by number. */
function reachable({ layers, states }: Diagram, sizes: readonly number[], axes: readonly number[]): Uint8Array {
  const whole = axes.reduce((product, axis) => product * (sizes[axis] ?? 0), 1)
  let sets: Uint8Array[] = [new Uint8Array(whole)]
  if (sets[0] && whole > 0) sets[0][0] = 1
  let spread = 1
  layers.forEach((step, axis) => {
    const size = sizes[axis] ?? 0
    const next = Array.from({ length: states[axis + 1] ?? 0 }, () => new Uint8Array(whole))
    const shift = axes.includes(axis) ? spread : 0
    step.forEach((to, at) => {
      const from = sets[Math.floor(at / size)]
      const into = next[to]
      if (!from || !into) return
      const offset = (at % size) * shift
      for (let number = 0; number < spread; number++) if (from[number] === 1) into[number + offset] = 1
    })
    if (shift > 0) spread *= size
    sets = next
  })
  const all = new Uint8Array(whole)
  for (const set of sets) set.forEach((one, number) => one === 1 && (all[number] = 1))
  return all
}

/** The first of the axes counts least. */
function rank(axes: readonly number[], sizes: readonly number[], row: Row): number {
  return axes.reduceRight((number, axis) => number * (sizes[axis] ?? 1) + (row[axis] ?? 0), 0)
}

function unrank(axes: readonly number[], sizes: readonly number[], number: number): number[] {
  let rest = number
  return axes.map((axis) => {
    const size = sizes[axis] ?? 1
    const value = rest % size
    rest = (rest - value) / size
    return value
  })
}

/** The largest sets of axes a demand speaks of, found by looking at every set up to the greatest strength. */
function wanted(sizes: readonly number[], demand: Demand): number[][] {
  const groups = demand.groups.map((group) => ({ ...group, axes: new Set(group.axes) }))
  const isWanted = (set: readonly number[]) =>
    set.length === 1 ||
    (set.every((axis) => (sizes[axis] ?? 0) > 1) &&
      (groups.some(({ axes, strength }) => set.length <= strength && set.every((axis) => axes.has(axis))) ||
        (set.length <= demand.strength &&
          !set.some((axis) => groups.some(({ axes, strength }) => strength < demand.strength && axes.has(axis))))))
  const greatest: number[][] = []
  let level: number[][] = sizes.map((_, axis) => [axis])
  while (level.length > 0) {
    const above: number[][] = []
    for (const set of level) {
      for (let axis = (set.at(-1) ?? 0) + 1; axis < sizes.length; axis++) {
        if (isWanted([...set, axis])) above.push([...set, axis])
      }
    }
    const within = new Set(above.flatMap((set) => set.map((_, left) => set.toSpliced(left, 1).join(','))))
    greatest.push(...level.filter((set) => !within.has(set.join(','))))
    level = above
  }
  return greatest
}
