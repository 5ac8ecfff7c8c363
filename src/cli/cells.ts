import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { Estimator } from '../matrix/estimate.ts'
import type { Coverage, Excluded } from '../matrix/expand.ts'
import { imageName, isImagePath } from '../matrix/image-names.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'
import type { Point } from '../matrix/make-cell.ts'
import type { Settings } from '../matrix/schema.ts'
import { withTiers } from '../matrix/tier.ts'
import type { Waiver } from '../matrix/waivers.ts'
import { missingAgents, ownSource } from './agent-files.ts'
import type { OptionValues } from './command.ts'
import { narrow, type Narrowed } from './narrow.ts'
import { NARROW_OPTIONS } from './narrow-options.ts'
import { note } from './output.ts'
import { packageInfo } from './package-info.ts'
import { refusePlatforms } from './refuse-platforms.ts'

/** Options of every command that works on cells. */
export const CELL_OPTIONS = {
  matrix: {
    type: 'string',
    value: 'FILE',
    text: 'what is tested where; default ./matrix.yaml, else the one the harness brings along',
  },
  platform: { type: 'string', multiple: true, value: 'NAME', text: 'only cells on this platform' },
  image: {
    type: 'string',
    multiple: true,
    value: 'IMAGE',
    text: 'only cells of this image; a path, remote:ALIAS or official image that the matrix does not name is added to it',
  },
  filter: {
    type: 'string',
    multiple: true,
    short: 'f',
    value: 'GLOB',
    text: 'only cells whose id or a part of it matches, for example "lxd/*-13"; several with spaces between them',
  },
  suite: {
    type: 'string',
    multiple: true,
    choices: ['policy', 'regression', 'logs', 'none'],
    text: 'judge by these suites; none only prepares and collects',
  },
  'agent-source': {
    type: 'string',
    value: 'SOURCE',
    text: 'none, release, suite:NAME, package:FILE, "repository:LINE [key=FILE]" or command:TEXT',
  },
  checks: {
    type: 'string',
    multiple: true,
    value: 'PATH',
    text: 'more checks: a TypeScript file, an executable or a folder',
  },
  attempts: { type: 'string', value: 'N', text: 'tries on a fresh machine when the infrastructure fails; default 2' },
  'test-attempts': {
    type: 'string',
    value: 'N',
    text: 'tries on a fresh machine when checks do not hold; what then passes is flaky; default 1',
  },
  lock: {
    type: 'string',
    choices: ['use', 'ignore', 'frozen'],
    text: 'cells of matrix.lock.json, where the matrix does not want all combinations: use keeps them as far as possible and is the default, ignore chooses anew, frozen refuses any difference',
  },
  waivers: {
    type: 'string',
    value: 'FILE',
    text: 'known failures; default waivers.yaml beside the matrix, where there is one',
  },
  ...NARROW_OPTIONS,
} as const

export interface SelectedCells extends Narrowed {
  excluded: Excluded[]
  /** Only of a matrix that does not want all combinations. */
  coverage?: Coverage
  estimator: Estimator
  waivers: Waiver[]
  /** As the matrix says; the command line may say otherwise. */
  concurrency: number | undefined
  flaky: 'allow' | 'block' | undefined
  matrixFile: string
}

/**
 * Reads the matrix and applies the options to it.
 * @param agentsMayCome packages and keys of the matrix that are not there are only told: somebody may bring them before the run
 * @throws ConfigError
 */
export async function selectedCells(
  options: OptionValues<typeof CELL_OPTIONS>,
  agentsMayCome = false,
): Promise<SelectedCells> {
  const [
    { loadMatrix },
    { expandMatrix },
    { selectCells },
    { loadWaivers },
    { matrixFacts },
    { earlierRuns, estimatesOf },
  ] = await Promise.all([
    import('../matrix/load-matrix.ts'),
    import('../matrix/expand.ts'),
    import('../matrix/select.ts'),
    import('../matrix/waivers.ts'),
    import('./matrix-facts.ts'),
    import('./estimates.ts'),
  ])
  const matrixFile = options.matrix ?? defaultMatrix()
  const written = await loadMatrix(matrixFile)
  await refusePlatforms(written)
  const loaded = await withOwnImages(written, options.image ?? [], options.platform ?? [])
  const facts = await matrixFacts(loaded)
  const earlier = await earlierRuns(options['reports-dir'])
  const estimator = estimatesOf(loaded, earlier)
  const wantsAll = (loaded.matrix.coverage?.strength ?? 'all') === 'all'
  const previous = wantsAll ? undefined : await readLock(matrixFile, options.lock ?? 'use')
  const expanded = expandMatrix(loaded, {
    ...facts,
    override: overrides(options),
    estimator,
    ...(previous ? { previous } : {}),
  })
  const { cells, excluded, coverage } = expanded
  if (options.lock === 'frozen') refuseChanges(matrixFile, coverage)
  // By the whole matrix, so that a cell has the same tier whatever else runs with it.
  const chosen = selectCells(withTiers(cells, options.tier), {
    ...(options.filter ? { filter: options.filter.flatMap((globs) => globs.split(/\s+/).filter(Boolean)) } : {}),
    ...(options.platform ? { platform: options.platform } : {}),
    ...(options.image ? { image: options.image.map((image) => imageName(ownPath(image), facts.images)) } : {}),
  })
  const waiverFile = options.waivers ?? join(dirname(matrixFile), 'waivers.yaml')
  const waivers = options.waivers !== undefined || existsSync(waiverFile) ? await loadWaivers(waiverFile) : []
  const narrowed = await narrow(chosen, loaded, options, { earlier, estimator, ordered: coverage !== undefined })
  const ofCommandLine = options['agent-source'] !== undefined
  for (const error of await missingAgents(narrowed.cells, loaded, ofCommandLine)) {
    if (ofCommandLine || !agentsMayCome) throw error
    note(error.message)
  }
  return {
    ...narrowed,
    excluded,
    ...(coverage ? { coverage } : {}),
    estimator,
    waivers,
    concurrency: loaded.matrix.concurrency,
    flaky: loaded.matrix.flaky,
    matrixFile,
  }
}

async function readLock(matrixFile: string, how: 'use' | 'ignore' | 'frozen'): Promise<Point[] | undefined> {
  const { lockFile, parseLock } = await import('../matrix/lock.ts')
  const file = lockFile(matrixFile)
  if (how === 'ignore' || !existsSync(file)) return undefined
  return parseLock(await readFile(file, 'utf8'), file)
}

/** @throws ConfigError when the lock file is not what the matrix makes */
function refuseChanges(matrixFile: string, coverage: Coverage | undefined): void {
  if (!coverage) return
  const { added, gone } = coverage.since ?? { added: coverage.rows.length, gone: 0 }
  if (added === 0 && gone === 0) return
  throw new ConfigError(`the lock file is behind the matrix: ${added} cells are new, ${gone} are gone`, {
    position: { file: matrixFile },
    hint: 'harness plan --update-lock, and look at the difference',
  })
}

function defaultMatrix(): string {
  return existsSync('matrix.yaml') ? 'matrix.yaml' : join(packageInfo().root, 'matrix.yaml')
}

/**
 * An image named by path, by `remote:`, as an official one or with an architecture cannot be a slip of the pen, so it need not be in the matrix;
 * nor need the platforms that it or an image of the matrix is to be tested on, when they are named too.
 */
async function withOwnImages(
  loaded: LoadedMatrix,
  images: readonly string[],
  platforms: readonly string[],
): Promise<LoadedMatrix> {
  if (images.length === 0) return loaded
  const { axes, include = [] } = loaded.matrix
  const known = axes['image'] ?? []
  const { findEntry, findRecipe, recipes } = await import('../images/index.ts')
  const isOwn = (image: string) =>
    /[:/]/.test(image) ||
    (!recipes.some(({ name }) => name === image) && (findRecipe(image) ?? findEntry(image)) !== undefined)
  const named = images.map(ownPath)
  const own = named.filter((image) => isOwn(image) && !known.includes(image))
  const others = platforms.filter((name) => /^[a-z0-9-]+$/.test(name) && !axes.platform.includes(name))
  if (own.length + others.length === 0) return loaded
  const cross = (names: readonly string[], of: readonly string[]) =>
    names.flatMap((platform) => of.map((image) => ({ platform, image })))
  const here = named.filter((image) => own.includes(image) || known.includes(image))
  const more = [...include, ...cross(others, here), ...(axes['image'] ? [] : cross(axes.platform, own))]
  const image = axes['image'] && own.length > 0 ? { image: [...known, ...own] } : {}
  return {
    ...loaded,
    matrix: { ...loaded.matrix, axes: { ...axes, ...image }, ...(more.length > 0 ? { include: more } : {}) },
  }
}

/** Paths of the command line count from where it was started, not from the matrix. */
function ownPath(image: string): string {
  return isImagePath(image) ? resolve(image) : image
}

function overrides(options: OptionValues<typeof CELL_OPTIONS>): Settings {
  const suites = options.suite?.filter((suite) => suite !== 'none') as Settings['suites']
  const source = options['agent-source']
  return {
    ...(suites ? { suites } : {}),
    ...(source === undefined ? {} : { agent: { source: ownSource(source) } }),
    ...(options.attempts === undefined ? {} : { attempts: readTries('attempts', options.attempts) }),
    ...(options['test-attempts'] === undefined
      ? {}
      : { 'test-attempts': readTries('test-attempts', options['test-attempts']) }),
    ...(options.checks ? { checks: options.checks.map((path) => resolve(path)) } : {}),
  }
}

function readTries(name: string, text: string): number {
  if (/^[1-5]$/.test(text)) return Number(text)
  throw new ConfigError(`--${name} cannot be "${text}"`, { hint: 'give a whole number from 1 to 5' })
}
