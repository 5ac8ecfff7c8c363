import { ConfigError } from '../core/errors.ts'
import type { Cell } from './cell.ts'
import { DEFAULT } from './cell-id.ts'
import { unknownAxis } from './conditions.ts'
import { cover } from './cover/cover.ts'
import type { Demand, Row } from './cover/model.ts'
import { orderRows } from './cover/order.ts'
import { verifyCover } from './cover/verify.ts'
import { type Estimator, guess } from './estimate.ts'
import type { LoadedMatrix } from './load-matrix.ts'
import type { Point } from './make-cell.ts'
import { nearest } from './nearest.ts'
import { pointOf, type Space } from './space.ts'

/** Cells that stand for all combinations, in the order that buys most coverage for its price, and what they cover. */
export interface CoveredCells {
  cells: Cell[]
  strength: number
  groups: { axes: string[]; strength: number }[]
  /** Combinations that are wanted and possible; the cells have every one. */
  required: number
  /** Combinations that are wanted and that no valid cell has. */
  impossible: number
  /** Of all axes: all combinations, and those that are valid. */
  combinations: bigint
  valid: bigint
  /** For each cell, in order, how many wanted combinations it is the first to have. */
  adds: Readonly<Record<string, number>>
  /** Values of the axes of each cell, for the lock file, and which combinations a cell has. */
  rows: Point[]
  /** How the plan differs from the rows of the one before it. */
  since?: { kept: number; added: number; gone: number }
  model: Space['model']
  demand: Demand
}

/** An hour of a machine of one's own, and of one whose price is not known: what a row without a price costs when rows are ordered. */
const OWN_HOUR = 0.01
const UNKNOWN_HOUR = 0.1

/**
 * Plans a matrix that does not want all combinations. What it returns was verified.
 * @throws ConfigError for groups and pins that make no sense
 */
export function coverCells(
  loaded: LoadedMatrix,
  space: Space,
  make: (point: Point) => Cell,
  options: { previous?: readonly Point[]; estimator?: Estimator },
): CoveredCells {
  const { model } = space
  const { coverage = {} } = loaded.matrix
  const demand = readDemand(loaded, space)
  const previous = (options.previous ?? []).map((point) => knownRow(space, point))
  const made = cover(model, demand, {
    pinned: (coverage.pin ?? []).map((pin, index) => pinnedRow(loaded, space, pin, index)),
    previous: previous.filter((row) => row !== undefined),
    ...(coverage.seed === undefined ? {} : { seed: coverage.seed }),
  })
  refuseImpossiblePins(loaded, made.impossible)
  const cells = new Map<Row, Cell>()
  for (const row of made.rows) cells.set(row, make(pointOf(model, row)))
  const estimator = options.estimator ?? guess
  const price = (row: Row) => priceOf(estimator, cells.get(row))
  const ordered = orderRows(model, demand, made.rows, { price, pinned: made.pinned })
  const rows = ordered.map(({ row }) => row)
  const verdict = verifyCover(model, demand, rows)
  if (verdict.missing.length > 0 || verdict.invalid.length > 0)
    throw new Error(
      `the plan is wrong: ${verdict.missing.length} combinations are missing, ${verdict.invalid.length} cells are not valid`,
    )
  const before = new Set((options.previous ?? []).map((point) => textOf(space, point)))
  const now = rows.map((row) => pointOf(model, row))
  const kept = now.filter((point) => before.has(textOf(space, point))).length
  return {
    cells: rows.flatMap((row) => cells.get(row) ?? []),
    strength: demand.strength,
    groups: demand.groups.map(({ axes, strength }) => ({
      axes: axes.map((axis) => model.axes[axis]?.name ?? ''),
      strength,
    })),
    required: verdict.required,
    impossible: verdict.impossible,
    combinations: verdict.combinations,
    valid: verdict.valid,
    adds: Object.fromEntries(ordered.map(({ row, adds }) => [cells.get(row)?.id ?? '', adds])),
    rows: now,
    ...(options.previous ? { since: { kept, added: now.length - kept, gone: before.size - kept } } : {}),
    model,
    demand,
  }
}

/** How many of the wanted combinations some of the cells have, by their ids. */
export function coveredBy({ model, demand, rows, adds }: Omit<CoveredCells, 'cells'>, ids: Iterable<string>): number {
  const chosen = new Set(ids)
  const order = Object.keys(adds)
  const some = rows.filter((_, index) => chosen.has(order[index] ?? ''))
  const numbers = some.map((point) => model.axes.map(({ name, values }) => values.indexOf(point[name] ?? DEFAULT)))
  const { required, missing } = verifyCover(model, demand, numbers)
  return required - missing.length
}

function priceOf(estimator: Estimator, cell: Cell | undefined): number {
  if (!cell) return 1
  const { seconds } = estimator.expectedSeconds(cell)
  const usd = estimator.expectedUsd(cell)
  return (usd ?? 0) + (seconds / 3600) * (usd === undefined ? UNKNOWN_HOUR : OWN_HOUR)
}

function readDemand(loaded: LoadedMatrix, { domains }: Space): Demand {
  const { strength = 2, groups = [] } = loaded.matrix.coverage ?? {}
  const names = [...domains.keys()]
  const words: Readonly<Record<string, number>> = { 'each-value': 1, pairwise: 2 }
  return {
    strength: typeof strength === 'number' ? strength : (words[strength] ?? 2),
    groups: groups.map((group, index) => ({
      strength: group.strength,
      axes: group.axes.map((name, at) => {
        if (names.includes(name)) return names.indexOf(name)
        throw unknownAxis(loaded, ['coverage', 'groups', index, 'axes', at], name, names)
      }),
    })),
  }
}

function pinnedRow(
  loaded: LoadedMatrix,
  { domains }: Space,
  pin: Readonly<Record<string, string>>,
  index: number,
): Row {
  const path = ['coverage', 'pin', index]
  for (const [name, value] of Object.entries(pin)) {
    const values = domains.get(name)
    if (!values) throw unknownAxis(loaded, [...path, name], name, [...domains.keys()])
    if (values.includes(value)) continue
    const near = nearest(value, values)
    throw new ConfigError(`"${value}" is not a value of ${name}`, {
      position: loaded.positionOf([...path, name]),
      hint: near ? `did you mean "${near}"?` : `its values are ${values.join(', ')}`,
    })
  }
  return [...domains].map(([name, values]) => (pin[name] === undefined ? -1 : values.indexOf(pin[name])))
}

function refuseImpossiblePins(loaded: LoadedMatrix, impossible: readonly number[]): void {
  const [first] = impossible
  if (first === undefined) return
  throw new ConfigError('no cell can have these values: a constraint or the platform forbids it', {
    position: loaded.positionOf(['coverage', 'pin', first]),
    hint: 'harness plan shows each constraint with its reason',
  })
}

/** An earlier row in the numbers of now; an axis that is new has its default where it has one. Undefined when a value is gone. */
function knownRow({ domains }: Space, point: Point): Row | undefined {
  const row: number[] = []
  for (const [name, values] of domains) {
    const value = point[name]
    const at = values.indexOf(value ?? DEFAULT)
    if (value !== undefined && at < 0) return undefined
    row.push(at)
  }
  return row
}

/** A row as text, with every axis of now. */
function textOf({ domains }: Space, point: Point): string {
  return JSON.stringify([...domains.keys()].map((name) => point[name] ?? DEFAULT))
}
