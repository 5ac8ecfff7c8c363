import { dirname, isAbsolute, resolve } from 'node:path'
import { toMs } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import { parseAgentSource } from './agent-source.ts'
import type { Cell } from './cell.ts'
import { cellId } from './cell-id.ts'
import { matchesGlob } from './glob.ts'
import type { LoadedMatrix } from './load-matrix.ts'
import { nearest } from './nearest.ts'
import type { Matrix, Settings } from './schema.ts'
import type { Path } from './yaml-source.ts'

export interface ExpandOptions {
  /** How machines of a platform boot, its default first. Where absent, the boot is called `default`. */
  boots?: (platform: string) => readonly string[] | undefined
  /** Settings of the command line; they win over the file. */
  override?: Settings
  /** Options of every platform, added to those of the file. */
  platformOptions?: Readonly<Record<string, unknown>>
}

export interface Expansion {
  cells: Cell[]
  excluded: { id: string; reason: string }[]
}

interface Point {
  platform: string
  image: string
  'instance-type': string
  boot: string
}

/**
 * Makes the cells of a matrix: all combinations of the axes, then `include`, without what `exclude` names. Pure.
 * @throws ConfigError for settings of unknown images or platforms, exclusions that match nothing and cells that occur twice
 */
export function expandMatrix(loaded: LoadedMatrix, options: ExpandOptions = {}): Expansion {
  const { matrix } = loaded
  const bootsOf = (platform: string) => options.boots?.(platform) ?? ['default']
  const points: { point: Point; settings: Settings; path: Path }[] = []
  const { axes } = matrix
  for (const platform of axes.platform) {
    for (const image of axes.image) {
      for (const type of axes['instance-type'] ?? ['default']) {
        for (const boot of axes.boot ?? bootsOf(platform).slice(0, 1)) {
          points.push({ point: { platform, image, 'instance-type': type, boot }, settings: {}, path: ['axes'] })
        }
      }
    }
  }
  matrix.include?.forEach((entry, index) => {
    const {
      platform,
      image,
      'instance-type': type = 'default',
      boot = bootsOf(platform)[0] ?? 'default',
      ...settings
    } = entry
    points.push({ point: { platform, image, 'instance-type': type, boot }, settings, path: ['include', index] })
  })
  refuseUnknownNames(
    loaded,
    points.map(({ point }) => point),
  )

  const cells = new Map<string, Cell>()
  const excluded: Expansion['excluded'] = []
  const used = new Set<number>()
  for (const { point, settings, path } of points) {
    const cell = makeCell(loaded, point, settings, options)
    const exclusion = matrix.exclude?.findIndex((rule) => excludes(rule, point)) ?? -1
    const reason = matrix.exclude?.[exclusion]?.reason
    matrix.exclude?.forEach((rule, index) => excludes(rule, point) && used.add(index))
    if (reason !== undefined) {
      excluded.push({ id: cell.id, reason })
      continue
    }
    if (cells.has(cell.id))
      throw new ConfigError(`the cell ${cell.id} occurs twice`, { position: loaded.positionOf(path) })
    cells.set(cell.id, cell)
  }
  matrix.exclude?.forEach((_, index) => {
    if (used.has(index)) return
    throw new ConfigError('this exclusion matches no cell', {
      position: loaded.positionOf(['exclude', index]),
      hint: 'remove it, or correct its values',
    })
  })
  return { cells: [...cells.values()], excluded }
}

function makeCell(loaded: LoadedMatrix, point: Point, own: Settings, options: ExpandOptions): Cell {
  const { matrix } = loaded
  const platform = matrix.platforms?.[point.platform]
  const image = matrix.images?.[point.image]
  const layers: (Settings | undefined)[] = [options.override, own, image, platform, matrix]
  const first = <K extends keyof Settings>(key: K): Settings[K] =>
    layers.find((layer) => layer?.[key] !== undefined)?.[key]
  const agentName = layers.find((layer) => layer?.agent?.name !== undefined)?.agent?.name ?? 'cloud-init'
  const source = layers.find((layer) => layer?.agent?.source !== undefined)?.agent?.source ?? 'release'
  const limit = (key: 'boot' | 'check' | 'cell' | 'cleanup', fallback: number) => {
    const text = layers.find((layer) => layer?.timeouts?.[key] !== undefined)?.timeouts?.[key]
    return text === undefined ? fallback : toMs(text)
  }
  const userData = first('user-data')
  const named = /^([a-z][a-z0-9.]*)-(.+)$/.exec(point.image)
  return {
    id: cellId({ ...point }),
    axes: { ...point },
    platform: point.platform,
    image: point.image,
    distribution: image?.distribution ?? named?.[1] ?? 'unknown',
    release: image?.release ?? named?.[2] ?? 'unknown',
    instanceType: point['instance-type'],
    boot: point.boot,
    agent: { name: agentName, source },
    agentName,
    agentSource: absolutePaths(loaded, parseAgentSource(source)),
    suites: first('suites') ?? ['policy', 'regression', 'logs'],
    platformOptions: { ...platform?.options, ...options.platformOptions },
    ...(userData === undefined ? {} : { userData }),
    checks: [...new Set(layers.flatMap((layer) => layer?.checks ?? []).map((path) => besideMatrix(loaded, path)))],
    timeouts: {
      bootMs: limit('boot', 5 * 60_000),
      checkMs: limit('check', 2 * 60_000),
      cellMs: limit('cell', 30 * 60_000),
      cleanupMs: limit('cleanup', 2 * 60_000),
    },
    attempts: first('attempts') ?? 2,
    testAttempts: first('test-attempts') ?? 1,
  }
}

/** Paths in a matrix are relative to the file, not to where the command was started. */
function besideMatrix(loaded: LoadedMatrix, path: string): string {
  return isAbsolute(path) ? path : resolve(dirname(loaded.file), path)
}

function absolutePaths(loaded: LoadedMatrix, source: Cell['agentSource']): Cell['agentSource'] {
  if (source.kind === 'package') return { ...source, path: besideMatrix(loaded, source.path) }
  if (source.kind === 'repository' && source.key !== undefined && !/^https?:/.test(source.key)) {
    return { ...source, key: besideMatrix(loaded, source.key) }
  }
  return source
}

function excludes(rule: NonNullable<Matrix['exclude']>[number], point: Point): boolean {
  return (['platform', 'image', 'instance-type', 'boot'] as const).every(
    (axis) => rule[axis] === undefined || matchesGlob(point[axis], rule[axis]),
  )
}

function refuseUnknownNames(loaded: LoadedMatrix, points: readonly Point[]): void {
  for (const [section, axis] of [
    ['images', 'image'],
    ['platforms', 'platform'],
  ] as const) {
    const known = new Set(points.map((point) => point[axis]))
    for (const name of Object.keys(loaded.matrix[section] ?? {})) {
      if (known.has(name)) continue
      const near = nearest(name, known)
      throw new ConfigError(`"${name}" has settings but is not in the matrix`, {
        position: loaded.positionOf([section, name]),
        hint: near ? `did you mean "${near}"?` : `add it to axes.${axis}, or remove its settings`,
      })
    }
  }
}
