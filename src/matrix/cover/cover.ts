import { Completion, OPEN } from './completion.ts'
import { count, findInteractions, type Interaction, numberIn, openRow, place } from './interactions.ts'
import type { Demand, Model, Row } from './model.ts'
import { seeded, shuffled } from './random.ts'

export interface CoverOptions {
  /** Rows that must be there; what is `undefined` or -1 in one is chosen. */
  pinned?: readonly Row[]
  /** Rows of an earlier plan, kept as far as they are still valid; values that are new in the model are -1. */
  previous?: readonly Row[]
  /** Default 1. The same seed gives the same rows. */
  seed?: number
}

export interface Cover {
  rows: Row[]
  /** How many of the rows, the first ones, were pinned. */
  pinned: number
  /** Pinned rows that no valid row contains, as numbers of the list given. */
  impossible: number[]
}

/** How many rows are tried for each that is taken: more is slower and gives shorter plans, so a plan of very many rows gets fewer. */
const TRIES = { most: 20, least: 4, effort: 400_000 }

/** Small plans are made several times, and the shortest is taken: so many combinations are looked at in all, in at most so many rounds. */
const EFFORT = 5000
const ROUNDS = 5

/** Rows that have every combination a demand asks for and the constraints allow. Each row is valid. Pure; the same for the same input. */
export function cover(model: Model, demand: Demand, options: CoverOptions = {}): Cover {
  const completion = new Completion(model)
  const wanted = findInteractions(model, demand, completion)
  const size = wanted.reduce((sum, interaction) => sum + interaction.missing, 0)
  const rounds = Math.max(1, Math.min(ROUNDS, Math.floor(EFFORT / Math.max(1, size))))
  let best: Cover | undefined
  for (let round = 0; round < rounds; round++) {
    const interactions = wanted.map((interaction) => ({ ...interaction, seen: interaction.seen.slice() }))
    const random = seeded((options.seed ?? 1) * 7919 + round)
    const tries = Math.max(TRIES.least, Math.min(TRIES.most, Math.floor(TRIES.effort / Math.max(1, size))))
    const made = new Generator(model, completion, interactions, random, tries).make(options)
    if (!best || made.rows.length < best.rows.length) best = made
  }
  return best ?? { rows: [], pinned: 0, impossible: [] }
}

class Generator {
  readonly #model: Model
  readonly #completion: Completion
  readonly #interactions: readonly Interaction[]
  readonly #ofAxis: readonly (readonly Interaction[])[]
  readonly #random: () => number
  readonly #tries: number

  constructor(
    model: Model,
    completion: Completion,
    interactions: readonly Interaction[],
    random: () => number,
    tries: number,
  ) {
    this.#model = model
    this.#completion = completion
    this.#interactions = interactions
    this.#ofAxis = model.axes.map((_, axis) => interactions.filter(({ axes }) => axes.includes(axis)))
    this.#random = random
    this.#tries = tries
  }

  make(options: CoverOptions): Cover {
    const impossible: number[] = []
    const pinned: Row[] = []
    options.pinned?.forEach((wanted, index) => {
      const row = this.#completed(wanted)
      if (row) pinned.push(this.#take(row))
      else impossible.push(index)
    })
    const old: Row[] = []
    for (const one of options.previous ?? []) {
      const row = this.#completed(one)
      if (row && ![...pinned, ...old].some((other) => other.every((value, axis) => value === row[axis])))
        old.push(this.#take(row))
    }
    // Before new rows are there: an old row goes only when other old ones replace it.
    const kept = this.#useful(old)
    const added: Row[] = []
    for (let row = this.#next(); row; row = this.#next()) added.push(this.#take(row))
    return { rows: [...pinned, ...kept, ...this.#useful(added)], pinned: pinned.length, impossible }
  }

  /** The rows that others do not replace; those at the end go first. */
  #useful(rows: readonly Row[]): Row[] {
    const useful: Row[] = []
    for (const row of rows.toReversed()) {
      if (count(this.#interactions, row, -1) === 0) continue
      count(this.#interactions, row, 1)
      useful.push(row)
    }
    return useful.reverse()
  }

  #take(row: Int32Array): Row {
    const taken = [...row]
    count(this.#interactions, taken, 1)
    return taken
  }

  /** A row with these values, the open ones chosen; the first value of an axis is preferred when nothing is gained by another. */
  #completed(wanted: Row): Int32Array | undefined {
    const row = Int32Array.from(this.#model.axes, (_, axis) => wanted[axis] ?? OPEN)
    if (!this.#completion.isPossible(row)) return undefined
    this.#fill(row, () => 0)
    return row
  }

  /** The best of some rows, or undefined when nothing is missing. */
  #next(): Int32Array | undefined {
    let best: Int32Array | undefined
    let most = 0
    for (let attempt = 0; attempt < this.#tries; attempt++) {
      const start = this.#start(attempt === 0)
      if (!start) return undefined
      const found = start.missing + this.#fill(start.row, this.#random)
      if (found <= most) continue
      best = start.row
      most = found
    }
    return best
  }

  /** A row that has nothing but one combination that is missing, of the interaction that misses most or of any. */
  #start(most: boolean): { row: Int32Array; missing: number } | undefined {
    const missing = this.#interactions.filter((interaction) => interaction.missing > 0)
    if (missing.length === 0) return undefined
    const total = missing.reduce((sum, interaction) => sum + interaction.missing, 0)
    let at = this.#random() * total
    let chosen = missing.find((interaction) => (at -= interaction.missing) < 0) ?? missing[0]
    if (most) chosen = missing.reduce((a, b) => (b.missing > a.missing ? b : a))
    if (!chosen) return undefined
    let skip = Math.floor(this.#random() * chosen.missing)
    const number = chosen.seen.findIndex((seen) => seen === 0 && skip-- === 0)
    const row = place(chosen, number, openRow(this.#model))
    return { row, missing: this.#interactions.filter((other) => isNew(other, row)).length }
  }

  /** Chooses the open values one after another, each for what it adds. Returns how many combinations became complete that were missing. */
  #fill(row: Int32Array, random: () => number): number {
    const open = [...row.keys()].filter((axis) => row[axis] === OPEN)
    let found = 0
    for (const axis of shuffled(open, random)) {
      const values = this.#model.axes[axis]?.values.length ?? 0
      const scores: { value: number; complete: number; partial: number; luck: number }[] = []
      for (let value = 0; value < values; value++) {
        row[axis] = value
        scores.push({ value, ...this.#score(axis, row), luck: random() })
      }
      scores.sort((a, b) => b.complete - a.complete || b.partial - a.partial || a.luck - b.luck)
      for (const score of scores) {
        row[axis] = score.value
        if (!this.#completion.isPossible(row)) continue
        found += score.complete
        break
      }
    }
    return found
  }

  /** Combinations on this axis that are missing: those the row completes, and the share of those it may still complete. */
  #score(axis: number, row: Int32Array): { complete: number; partial: number } {
    let complete = 0
    let partial = 0
    for (const interaction of this.#ofAxis[axis] ?? []) {
      if (interaction.missing === 0) continue
      const { axes, seen } = interaction
      let open = -1
      let opened = 0
      for (let index = 0; index < axes.length; index++) {
        if (row[axes[index] ?? 0] !== OPEN) continue
        opened++
        open = index
      }
      if (opened === 0) {
        if (seen[numberIn(interaction, row)] === 0) complete++
      } else if (opened === 1) partial += this.#stillOpen(interaction, open, row)
    }
    return { complete, partial }
  }

  #stillOpen(interaction: Interaction, open: number, row: Int32Array): number {
    const { axes, weights, sizes, seen } = interaction
    const step = weights[open] ?? 1
    const size = sizes[open] ?? 1
    let number = numberIn(interaction, row) + step
    if (row[axes[open] ?? 0] !== OPEN) return 0
    let found = 0
    for (let value = 0; value < size; value++, number += step) if (seen[number] === 0) found++
    return found / size
  }
}

function isNew(interaction: Interaction, row: Int32Array): boolean {
  return interaction.axes.every((axis) => row[axis] !== OPEN) && interaction.seen[numberIn(interaction, row)] === 0
}
