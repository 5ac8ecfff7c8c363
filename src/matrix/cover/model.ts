/** What can be combined: axes with values, and combinations that cannot be. Values are counted from 0. */
export interface Model {
  axes: readonly { name: string; values: readonly string[] }[]
  forbidden: readonly Forbidden[]
}

/** A row is forbidden when on each axis named here its value is one of those listed. */
export interface Forbidden {
  reason: string
  where: readonly { axis: number; values: readonly number[] }[]
}

/** The number of a value for each axis. */
export type Row = readonly number[]

/** How much is to be covered: all combinations of that many axes, more or less within groups of axes. */
export interface Demand {
  /** 1 every value, 2 every pair, 3 every triple, ... */
  strength: number
  /** An axis in a group of less strength than the rest takes part in no combination beyond its groups. */
  groups: readonly { axes: readonly number[]; strength: number }[]
}
