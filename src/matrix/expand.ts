import { ConfigError } from '../core/errors.ts'
import type { Cell } from './cell.ts'
import { DEFAULT } from './cell-id.ts'
import { meets } from './conditions.ts'
import { type CoveredCells, coverCells } from './cover-cells.ts'
import type { Row } from './cover/model.ts'
import type { Estimator } from './estimate.ts'
import { imageName, type ImageNames, knownImages } from './image-names.ts'
import { type Included, readIncluded, whyNotIncluded } from './included.ts'
import type { LoadedMatrix } from './load-matrix.ts'
import { makeCell, type Point } from './make-cell.ts'
import { nearest } from './nearest.ts'
import type { Settings } from './schema.ts'
import { pointOf, readSpace, type Space, type SpaceOptions } from './space.ts'
import type { Path } from './yaml-source.ts'

export interface ExpandOptions extends SpaceOptions {
  /** Settings of the command line; they win over the file. */
  override?: Settings
  /** Options of every platform, added to those of the file. */
  platformOptions?: Readonly<Record<string, unknown>>
  /** Rows of the plan before this one, for a matrix that does not want all combinations; they stay as far as they can. */
  previous?: readonly Point[]
  /** What rows cost, for their order. Default a guess. */
  estimator?: Estimator
}

export interface Excluded {
  /** Id of a cell; or, where there would be very many, the values they have in common. */
  id: string
  reason: string
  /** How many combinations it stands for, where that is not one. */
  combinations?: number
}

export interface Expansion {
  cells: Cell[]
  excluded: Excluded[]
  /** Only of a matrix that does not want all combinations. */
  coverage?: Coverage
}

/** What the cells of a plan cover. `include` adds to the cells, and nothing here. */
export type Coverage = Omit<CoveredCells, 'cells'>

/** More combinations than this are not written out one by one. */
const MOST = 50_000
/** More cells than this that are left out are told by what they have in common. */
const LIST = 500

/**
 * Makes the cells of a matrix: combinations of the axes, all or as many as `coverage` wants, then `include`; without what cannot be or shall not be. Pure.
 * @throws ConfigError for settings of unknown images or platforms, axes nobody understands, exclusions that match nothing and cells that occur twice
 */
export function expandMatrix(loaded: LoadedMatrix, options: ExpandOptions = {}): Expansion {
  const images = knownImages(loaded, options.images)
  const withImages = { ...options, images }
  const included = readIncluded(loaded, withImages)
  const space = readSpace(
    loaded,
    withImages,
    included.map(({ point }) => point),
  )
  refuseUnknownNames(
    loaded,
    space,
    included.map(({ point }) => point),
    images,
  )
  const make = (point: Point, settings: Settings = {}, path: Path = ['axes']) =>
    makeCell(loaded, point, { settings, path }, withImages)

  const strength = loaded.matrix.coverage?.strength ?? 'all'
  const expansion: Expansion =
    strength === 'all'
      ? allCells(loaded, space, make, included)
      : someCells(loaded, space, (point) => make(point), options)
  const cells = new Map<string, Cell>()
  for (const cell of expansion.cells) add(loaded, cells, cell, ['axes'])
  for (const { point, settings, path } of included) {
    const cell = make(point, settings, path)
    const reason = whyNotIncluded(loaded, point, withImages)
    if (reason !== undefined) expansion.excluded.push({ id: cell.id, reason })
    else if (expansion.coverage) cells.set(cell.id, cell)
    else add(loaded, cells, cell, path)
  }
  return { ...expansion, cells: [...cells.values()] }
}

function add(loaded: LoadedMatrix, cells: Map<string, Cell>, cell: Cell, path: Path): void {
  if (cells.has(cell.id))
    throw new ConfigError(`the cell ${cell.id} occurs twice`, { position: loaded.positionOf(path) })
  cells.set(cell.id, cell)
}

type Make = (point: Point, settings?: Settings, path?: Path) => Cell

function allCells(loaded: LoadedMatrix, space: Space, make: Make, included: readonly Included[]): Expansion {
  const { model, silent } = space
  const rows = everyRow(loaded, space)
  const cells: Cell[] = []
  const excluded: Excluded[] = []
  const used = new Set<unknown>()
  const short = new Map<string, Excluded>()
  for (const row of rows) {
    const broken = model.forbidden.filter((rule) =>
      rule.where.every(({ axis, values }) => values.includes(row[axis] ?? -1)),
    )
    for (const rule of broken) used.add(rule)
    const [first] = broken
    if (!first) {
      cells.push(make(pointOf(model, row)))
      continue
    }
    if (silent.has(first)) continue
    excluded.push({ id: make(pointOf(model, row)).id, reason: first.reason })
    const id = inWords(space, first)
    const known = short.get(id)
    if (known) known.combinations = (known.combinations ?? 1) + 1
    else short.set(id, { id, reason: first.reason, combinations: 1 })
  }
  space.exclusions.forEach((rule, index) => {
    const entry = loaded.matrix.exclude?.[index]
    const conditions = entry && { ...entry, reason: undefined }
    if (used.has(rule) || (conditions && included.some(({ point }) => meets(point, conditions)))) return
    throw new ConfigError('this exclusion matches no cell', {
      position: loaded.positionOf(['exclude', index]),
      hint: 'remove it, or correct its values',
    })
  })
  return { cells, excluded: excluded.length > LIST ? [...short.values()] : excluded }
}

function someCells(
  loaded: LoadedMatrix,
  space: Space,
  make: (point: Point) => Cell,
  options: ExpandOptions,
): Expansion {
  const { cells, ...coverage } = coverCells(loaded, space, make, options)
  const spoken = space.model.forbidden.filter((rule) => !space.silent.has(rule))
  return { cells, excluded: spoken.map((rule) => ({ id: inWords(space, rule), reason: rule.reason })), coverage }
}

/** Every row of what each platform has, in the order of the axes. */
function everyRow(loaded: LoadedMatrix, { model, silent }: Space): Row[] {
  const combinations = model.axes.reduce((product, { values }) => product * values.length, 1)
  let rows: number[][] = [[]]
  model.axes.forEach(({ values }, axis) => {
    rows = rows.flatMap((row) => [...values.keys()].map((value) => [...row, value]))
    const complete = [...silent].filter(({ where }) => where.every((part) => part.axis <= axis))
    rows = rows.filter(
      (row) => !complete.some(({ where }) => where.every((part) => part.values.includes(row[part.axis] ?? -1))),
    )
    if (rows.length <= MOST) return
    throw new ConfigError(`the axes make up to ${combinations.toLocaleString('en')} cells`, {
      position: loaded.positionOf(['axes']),
      hint: 'let fewer of them stand for all: coverage: {strength: pairwise}',
    })
  })
  return rows
}

/** What the cells a rule leaves out have in common. */
function inWords({ model }: Space, { where }: Space['model']['forbidden'][number]): string {
  return where
    .map(
      ({ axis, values }) =>
        `${model.axes[axis]?.name}=${values.map((value) => model.axes[axis]?.values[value]).join('|')}`,
    )
    .join(' ')
}

function refuseUnknownNames(
  loaded: LoadedMatrix,
  { domains }: Space,
  included: readonly Point[],
  images: ImageNames,
): void {
  for (const [section, axis] of [
    ['images', 'image'],
    ['platforms', 'platform'],
  ] as const) {
    const known = new Set([...(domains.get(axis) ?? []), ...included.map((point) => point[axis] ?? '')])
    if (axis === 'image' && !domains.has(axis)) for (const name of namesMade(domains)) known.add(name)
    for (const name of Object.keys(loaded.matrix[section] ?? {})) {
      if (known.has(axis === 'image' ? imageName(name, images) : name)) continue
      const near = nearest(name, known)
      throw new ConfigError(`"${name}" has settings but is not in the matrix`, {
        position: loaded.positionOf([section, name]),
        hint: near ? `did you mean "${near}"?` : `add it to axes.${axis}, or remove its settings`,
      })
    }
  }
}

/** Names of images that distributions, releases and variants make. */
function namesMade(domains: Space['domains']): string[] {
  return (domains.get('distribution') ?? []).flatMap((distribution) =>
    (domains.get('release') ?? []).flatMap((release) =>
      (domains.get('image-variant') ?? [DEFAULT]).map((variant) =>
        [distribution, release, ...(variant === DEFAULT ? [] : [variant])].join('-'),
      ),
    ),
  )
}
