import { dirname, isAbsolute, resolve } from 'node:path'
import { toMs } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import { parseAgentSource } from './agent-source.ts'
import { isForPlatform, parseDisks, parseNics } from './axes.ts'
import type { Cell } from './cell.ts'
import { cellId, DEFAULT } from './cell-id.ts'
import { meets } from './conditions.ts'
import { type ImageNames, imageName, isDiskPath, isImagePath } from './image-names.ts'
import type { LoadedMatrix } from './load-matrix.ts'
import { nearest } from './nearest.ts'
import type { Settings } from './schema.ts'
import { changed } from './signed-list.ts'
import type { Path } from './yaml-source.ts'

export interface CellOptions {
  /** Settings of the command line; they win over the file. */
  override?: Settings
  /** Options of every platform, added to those of the file. */
  platformOptions?: Readonly<Record<string, unknown>>
  images?: ImageNames
}

/** Values of the axes of one cell. */
export type Point = Readonly<Record<string, string>>

interface Layer {
  settings: Settings | undefined
  path: Path
}

/**
 * Makes the cell of a point. The nearest settings win: command line, the cell itself, `defaults` from last to first, variant, image, platform, file.
 * @throws ConfigError
 */
export function makeCell(loaded: LoadedMatrix, given: Point, own: Layer, options: CellOptions): Cell {
  const { matrix } = loaded
  const axes = withImage(given)
  const { platform = '', image = '' } = axes
  const ofImage = Object.entries(matrix.images ?? {}).find(([name]) => imageName(name, options.images) === image)
  const layers = layersOf(loaded, axes, own, options.override, ofImage)
  const first = <K extends keyof Settings>(key: K): Settings[K] =>
    layers.find((layer) => layer.settings?.[key] !== undefined)?.settings?.[key]
  const limit = (key: 'boot' | 'check' | 'cell' | 'cleanup', fallback: number) => {
    const text = layers.find((layer) => layer.settings?.timeouts?.[key] !== undefined)?.settings?.timeouts?.[key]
    return text === undefined ? fallback : toMs(text)
  }
  const agentName = layers.find((layer) => layer.settings?.agent?.name !== undefined)?.settings?.agent?.name
  const source =
    layers.find((layer) => layer.settings?.agent?.source !== undefined)?.settings?.agent?.source ?? 'release'
  const reference = first('from') ?? referenceOf(image, options.images)
  const recipe = [...(options.images?.values() ?? [])].find((known) => known.name === image)
  // Files are called as people like; only what is known of one is believed.
  const named =
    recipe && isDiskPath(recipe.path) ? undefined : /^([a-z][a-z0-9.]*)-(.+?)(?:-(?:amd64|arm64))?$/.exec(image)
  const tier = first('tier')
  const onlyIn = layers.find((layer) => layer.settings?.['only-checks'] !== undefined)
  const only = onlyIn?.settings?.['only-checks']
  const userData = first('user-data')
  const environment = Object.assign({}, ...layers.toReversed().map((layer) => layer.settings?.environment)) as Record<
    string,
    string
  >
  return {
    id: cellId(axes),
    axes,
    platform,
    image,
    ...(reference === undefined || reference === image
      ? {}
      : { imageReference: isImagePath(reference) ? besideMatrix(loaded, reference) : reference }),
    distribution: ofImage?.[1].distribution ?? axes['distribution'] ?? recipe?.distribution ?? named?.[1] ?? 'unknown',
    release: ofImage?.[1].release ?? axes['release'] ?? recipe?.release ?? named?.[2] ?? 'unknown',
    instanceType: axes['instance-type'] ?? DEFAULT,
    boot: axes['boot'] ?? DEFAULT,
    agent: { name: agentName ?? 'cloud-init', source },
    agentName: agentName ?? 'cloud-init',
    agentSource: absolutePaths(loaded, parseAgentSource(source)),
    suites: suitesOf(loaded, axes, layers),
    platformOptions: { ...matrix.platforms?.[platform]?.options, ...options.platformOptions },
    ...(userData === undefined ? {} : { userData }),
    ...launchOf(axes),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    checks: checksOf(loaded, layers),
    timeouts: {
      bootMs: limit('boot', 5 * 60_000),
      checkMs: limit('check', 2 * 60_000),
      cellMs: limit('cell', 30 * 60_000),
      cleanupMs: limit('cleanup', 2 * 60_000),
    },
    ...(tier === undefined ? {} : { tier }),
    ...(only === undefined
      ? {}
      : {
          onlyChecks: { globs: only, by: 'the matrix' },
          onlyChecksAt: only.map((_, index) => loaded.positionOf([...(onlyIn?.path ?? []), 'only-checks', index])),
        }),
    attempts: first('attempts') ?? 2,
    testAttempts: first('test-attempts') ?? 1,
  }
}

/** The axes with the name of the image, which distribution, release and variant make where it is not given. */
function withImage(axes: Point): Record<string, string> {
  if (axes['image'] !== undefined) return { ...axes }
  const { platform = '', distribution = '', release = '', 'image-variant': variant = DEFAULT, ...rest } = axes
  const image = [distribution, release, ...(variant === DEFAULT ? [] : [variant])].join('-')
  return {
    platform,
    image,
    distribution,
    release,
    ...(variant === DEFAULT ? {} : { 'image-variant': variant }),
    ...rest,
  }
}

function layersOf(
  loaded: LoadedMatrix,
  axes: Point,
  own: Layer,
  override: Settings | undefined,
  image: [string, Settings] | undefined,
): Layer[] {
  const { matrix } = loaded
  const defaults = (matrix.defaults ?? []).map(({ for: conditions, ...settings }, index) => ({
    conditions,
    settings,
    path: ['defaults', index],
  }))
  const { platform = '', variant = DEFAULT, agent = DEFAULT } = axes
  return [
    { settings: override, path: [] },
    own,
    ...(agent === DEFAULT
      ? []
      : [{ settings: { agent: matrix.agents?.[agent] ?? { source: agent } }, path: ['axes', 'agent'] }]),
    ...defaults.filter(({ conditions }) => meets(axes, conditions)).reverse(),
    ...(variant === DEFAULT ? [] : [{ settings: variantOf(loaded, variant), path: ['variants', variant] }]),
    { settings: image?.[1], path: ['images', image?.[0] ?? ''] },
    { settings: matrix.platforms?.[platform], path: ['platforms', platform] },
    { settings: matrix, path: [] },
  ]
}

function variantOf(loaded: LoadedMatrix, name: string): Settings {
  const { variants = {} } = loaded.matrix
  const found = variants[name]
  if (found) return found
  const near = nearest(name, Object.keys(variants))
  throw new ConfigError(`there is no variant "${name}"`, {
    position: loaded.positionOf(['axes', 'variant']),
    hint: near ? `did you mean "${near}"?` : 'describe it under `variants`',
  })
}

const SUITES = ['policy', 'regression', 'logs']

function suitesOf(loaded: LoadedMatrix, axes: Point, layers: readonly Layer[]): string[] {
  const override = layers[0]?.settings?.suites
  const { suite = DEFAULT } = axes
  if (suite !== DEFAULT && !override) {
    const parts = suite.split('+')
    const wrong = parts.find((part) => !SUITES.includes(part))
    if (wrong === undefined) return parts
    throw new ConfigError(`"${wrong}" is none of ${SUITES.join(', ')}`, {
      position: loaded.positionOf(['axes', 'suite']),
    })
  }
  let suites = SUITES
  for (const { settings, path } of layers.toReversed()) {
    if (settings?.suites) suites = changed(suites, settings.suites, () => loaded.positionOf([...path, 'suites']))
  }
  return suites
}

/** All levels are added up, the nearest first; a path with a hyphen before it takes one of an outer level away. */
function checksOf(loaded: LoadedMatrix, layers: readonly Layer[]): string[] {
  let checks: string[] = []
  for (const { settings } of layers.toReversed()) {
    const nearer = settings?.checks ?? []
    const gone = new Set(
      nearer.filter((path) => path.startsWith('-')).map((path) => besideMatrix(loaded, path.slice(1))),
    )
    const more = nearer
      .filter((path) => !path.startsWith('-'))
      .map((path) => besideMatrix(loaded, path.replace(/^\+/, '')))
    checks = [...new Set([...more, ...checks.filter((path) => !gone.has(path))])]
  }
  return checks
}

/** What the axes ask of a launch. Platforms refuse what they cannot do before that. */
function launchOf(axes: Point): Pick<Cell, 'architecture' | 'disks' | 'nics' | 'extra'> {
  const { architecture = DEFAULT, disk = DEFAULT, nic = DEFAULT } = axes
  const disks = parseDisks(disk)
  const nics = parseNics(nic)
  const extra = Object.entries(axes).filter(
    ([axis, value]) =>
      value !== DEFAULT &&
      (isForPlatform(axis) || (axis === 'disk' && !disks) || (axis === 'nic' && nics === undefined)),
  )
  return {
    ...(architecture === DEFAULT ? {} : { architecture }),
    ...(disks ? { disks } : {}),
    ...(nics === undefined ? {} : { nics }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  }
}

function referenceOf(image: string, known: ImageNames | undefined): string | undefined {
  return [...(known?.values() ?? [])].find(({ name }) => name === image)?.path
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
