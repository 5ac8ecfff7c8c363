import type { Model } from './model.ts'

/** A value that is not chosen yet. */
export const OPEN = -1

interface Rule {
  axes: readonly number[]
  /** For each of `axes`, 1 for each value the rule is about. */
  about: readonly Uint8Array[]
}

/** Remembered answers; beyond this many, memory is worth more than time. */
const MEMORY = 200_000

/** Tells whether a row that is chosen in part can become a valid one: a search that looks one value ahead. */
export class Completion {
  readonly #sizes: readonly number[]
  readonly #rules: readonly Rule[]
  readonly #constrained: readonly number[]
  readonly #known = new Map<string, boolean>()

  constructor(model: Model) {
    this.#sizes = model.axes.map((axis) => axis.values.length)
    this.#rules = model.forbidden.map(({ where }) => ({
      axes: where.map(({ axis }) => axis),
      about: where.map(({ axis, values }) => {
        const mask = new Uint8Array(this.#sizes[axis] ?? 0)
        for (const value of values) mask[value] = 1
        return mask
      }),
    }))
    this.#constrained = [...new Set(this.#rules.flatMap((rule) => rule.axes))].sort((a, b) => a - b)
  }

  /** Whether some valid row has these values; `OPEN` where any will do. */
  isPossible(row: ArrayLike<number>): boolean {
    if (this.#sizes.includes(0)) return false
    let key = ''
    for (const axis of this.#constrained) key += String.fromCharCode((row[axis] ?? OPEN) + 1)
    let known = this.#known.get(key)
    if (known === undefined) {
      known = this.#search(Int32Array.from(row))
      if (this.#known.size < MEMORY) this.#known.set(key, known)
    }
    return known
  }

  #search(row: Int32Array): boolean {
    const left = this.#look(row)
    if (left === undefined) return false
    let axis = -1
    let fewest = Infinity
    for (const [candidate, values] of left) {
      if (values.length >= fewest) continue
      axis = candidate
      fewest = values.length
    }
    if (axis < 0) return true
    for (const value of left.get(axis) ?? []) {
      row[axis] = value
      if (this.#search(row)) return true
    }
    row[axis] = OPEN
    return false
  }

  /** Values each open axis has left, for axes some rule still cares about; undefined when a rule is broken or an axis has none. */
  #look(row: Int32Array): Map<number, number[]> | undefined {
    const denied = new Map<number, Uint8Array>()
    for (const { axes, about } of this.#rules) {
      let open = -1
      let opened = 0
      let idle = false
      for (let index = 0; index < axes.length && !idle; index++) {
        const value = row[axes[index] ?? 0] ?? OPEN
        if (value === OPEN) {
          opened++
          open = index
        } else if (about[index]?.[value] !== 1) idle = true
      }
      if (idle) continue
      if (opened === 0) return undefined
      for (const axis of axes) {
        if (row[axis] === OPEN && !denied.has(axis)) denied.set(axis, new Uint8Array(this.#sizes[axis] ?? 0))
      }
      if (opened > 1) continue
      const mask = denied.get(axes[open] ?? 0)
      about[open]?.forEach((one, value) => {
        if (mask && one === 1) mask[value] = 1
      })
    }
    const left = new Map<number, number[]>()
    for (const [axis, mask] of denied) {
      const values: number[] = []
      mask.forEach((one, value) => one === 0 && values.push(value))
      if (values.length === 0) return undefined
      left.set(axis, values)
    }
    return left
  }
}
