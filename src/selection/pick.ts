import { posix } from 'node:path'
import type { CellSummary } from '../results/event.ts'
import { axisValue } from './axis-value.ts'
import type { Scope } from './rules.ts'

/** The cells of a scope, in their order. */
export function pickCells<C extends CellSummary>(cells: readonly C[], scope: Scope): C[] {
  const { cells: wanted } = scope
  if (wanted === 'none') return []
  let picked =
    wanted === 'all'
      ? [...cells]
      : cells.filter((cell) =>
          wanted.some((values) => Object.entries(values).every(([axis, glob]) => matches(axisValue(cell, axis), glob))),
        )
  if (scope['one-per']) picked = onePer(picked, scope['one-per'])
  if (scope['each-of']) picked = eachOf(picked, scope['each-of'])
  return picked
}

function matches(value: string, glob: string): boolean {
  return posix.matchesGlob(value, glob)
}

/** The first cell of every combination of values. */
function onePer<C extends CellSummary>(cells: readonly C[], axes: readonly string[]): C[] {
  const seen = new Set<string>()
  return cells.filter((cell) => {
    const key = JSON.stringify(axes.map((axis) => axisValue(cell, axis)))
    return seen.size !== seen.add(key).size
  })
}

/** Few cells that have every value of each axis: always the one that adds most, the first among equals. */
function eachOf<C extends CellSummary>(cells: readonly C[], axes: readonly string[]): C[] {
  const valuesOf = (cell: C) => axes.map((axis) => `${axis}=${axisValue(cell, axis)}`)
  const open = new Set(cells.flatMap(valuesOf))
  const picked = new Set<C>()
  while (open.size > 0) {
    let best: C | undefined
    let most = 0
    for (const cell of cells) {
      const gain = picked.has(cell) ? 0 : valuesOf(cell).filter((value) => open.has(value)).length
      if (gain > most) [best, most] = [cell, gain]
    }
    if (!best) break
    picked.add(best)
    for (const value of valuesOf(best)) open.delete(value)
  }
  return cells.filter((cell) => picked.has(cell))
}
