import { mkdir, open, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir } from '../core/paths.ts'
import { probeHost, runHost } from '../core/subprocess.ts'
import { sha256 } from './recipe-digest.ts'
import type { Recipe, RecipeArchive } from './recipe.ts'

const UPDATE_DEADLINE_MS = 180_000
const DOWNLOAD_DEADLINE_MS = 1_200_000
/** How long an answer of the archives may count: several runs in a row, not a working day. */
const FRESH_MS = 5 * 60_000
const UNUSED_DEB_MS = 7 * 86_400_000
const APT_HINT = 'apt-get install apt'

/** A package that a recipe resolves to. */
export interface ResolvedDeb {
  /** File name in the archive cache: `name_version_architecture.deb`. */
  file: string
}

export interface AptRoot {
  directory: string
  /** Downloaded packages, shared by all builds of the same suites. */
  archives: string
  env: NodeJS.ProcessEnv
}

interface AptOptions {
  signal?: AbortSignal
  onLine?: (line: string) => void
}

/** A private apt: own lists, own package cache, an empty package database, nothing of the host but its proxy settings. */
export async function openAptRoot(recipe: Recipe, archives: readonly RecipeArchive[]): Promise<AptRoot> {
  const sources = sourcesList(archives)
  const directory = join(cacheDir(), 'apt', `${recipe.codename}-${recipe.architecture}-${sha256(sources).slice(0, 8)}`)
  const cache = join(directory, 'archives')
  for (const part of ['lists/partial', 'archives/partial', 'none/partial', 'parts', 'preferences'])
    await mkdir(join(directory, part), { recursive: true })
  const config = [
    `Dir::Etc::main "/dev/null";`,
    `Dir::Etc::parts "${directory}/parts";`,
    `Dir::Etc::sourcelist "${directory}/sources.list";`,
    `Dir::Etc::sourceparts "/dev/null";`,
    `Dir::Etc::preferences "/dev/null";`,
    `Dir::Etc::preferencesparts "${directory}/preferences";`,
    `Dir::State::lists "${directory}/lists";`,
    `Dir::State::status "${directory}/status";`,
    `Dir::State::extended_states "${directory}/extended_states";`,
    `Dir::Cache "${directory}";`,
    `Dir::Cache::archives "${cache}";`,
    `Dir::Log "${directory}";`,
    `APT::Architecture "${recipe.architecture}";`,
    `APT::Architectures "${recipe.architecture}";`,
    `APT::Install-Recommends "false";`,
    `APT::Sandbox::User "${process.getuid?.() === 0 ? 'root' : ''}";`,
    `Acquire::Languages "none";`,
    ...(await hostAcquireOptions()).map((option) => `${option};`),
    '',
  ].join('\n')
  await writeFile(join(directory, 'status'), '')
  await writeFile(join(directory, 'sources.list'), sources)
  await writeFile(join(directory, 'apt.conf'), config)
  return {
    directory,
    archives: cache,
    env: { ...process.env, APT_CONFIG: join(directory, 'apt.conf'), LC_ALL: 'C.UTF-8' },
  }
}

/**
 * Brings the package indices up to date and returns a key that changes exactly when a package of the suites does.
 * Costs one conditional round trip per suite when nothing changed; with `reuse` nothing when that was done a few minutes ago.
 * @throws SubprocessError when an archive cannot be reached or its signature is wrong.
 */
export async function refreshIndices(root: AptRoot, options: AptOptions & { reuse?: boolean }): Promise<string> {
  const stamp = join(root.directory, 'asked')
  if (!options.reuse || !(await isFresh(stamp))) {
    await rm(stamp, { force: true })
    await aptGet(root, ['-qq', '--error-on=any', 'update'], UPDATE_DEADLINE_MS, lineOptions(options))
    await writeFile(stamp, '')
  }
  const lists = join(root.directory, 'lists')
  const releases = (await readdir(lists)).filter((name) => name.endsWith('Release')).sort()
  const hashes = await Promise.all(
    releases.map(async (name) => `${name}\n${indexHashes(await readFile(join(lists, name), 'utf8'))}`),
  )
  return sha256(hashes.join('\n'))
}

async function isFresh(stamp: string): Promise<boolean> {
  const age = Date.now() - ((await stat(stamp).catch(() => undefined))?.mtimeMs ?? 0)
  // a clock that was set back must not make it fresh for ever
  return age >= 0 && age < FRESH_MS
}

/** What apt would install for the recipe into an empty system: the file names of the packages, sorted. */
export async function resolvePackages(root: AptRoot, recipe: Recipe, options: AptOptions): Promise<ResolvedDeb[]> {
  // a package that is downloaded already would not be printed, hence the cache that is always empty
  const emptyCache = `Dir::Cache::archives=${join(root.directory, 'none')}`
  const output = await aptGet(
    root,
    ['-qq', '-y', '-o', emptyCache, '--print-uris', 'install', ...wanted(recipe)],
    UPDATE_DEADLINE_MS,
    lineOptions(options, 'stderr'),
  )
  return parsePrintUris(output)
}

/** Downloads every package of the recipe into the shared cache; packages no build used for a week are dropped. */
export async function downloadPackages(root: AptRoot, recipe: Recipe, options: AptOptions): Promise<void> {
  await aptGet(
    root,
    ['-q', '-y', '--download-only', 'install', ...wanted(recipe)],
    DOWNLOAD_DEADLINE_MS,
    lineOptions(options),
  )
}

/**
 * Runs apt-get when no other build on this host does with the same root: apt does not wait for its lock, it fails.
 * The lock goes with the process that holds it (flock(1) of util-linux replaces itself by apt-get).
 */
function aptGet(
  root: AptRoot,
  args: readonly string[],
  deadlineMs: number,
  options: ReturnType<typeof lineOptions>,
): Promise<string> {
  return runHost(['flock', '--no-fork', join(root.directory, 'lock'), 'apt-get', ...args], {
    env: root.env,
    deadlineMs,
    installHint: APT_HINT,
    ...options,
  })
}

/** Removes downloaded packages that no build used for a week and marks `used` as used now. */
export async function pruneArchives(root: AptRoot, used: readonly ResolvedDeb[]): Promise<void> {
  const now = Date.now()
  const keep = new Set(used.map(({ file }) => file))
  for (const name of await readdir(root.archives)) {
    if (!name.endsWith('.deb')) continue
    const path = join(root.archives, name)
    if (keep.has(name)) await utimes(path, new Date(now), new Date(now))
    else if (now - (await stat(path)).mtimeMs > UNUSED_DEB_MS) await rm(path, { force: true })
  }
}

/**
 * When the newest of the packages was built, in seconds since 1970: a moment that depends on package versions only.
 * Read from the header of the first member of each archive, where dpkg-deb records the date of the changelog.
 */
export async function newestBuildTime(root: AptRoot, debs: readonly ResolvedDeb[]): Promise<number> {
  let newest = 0
  for (const { file } of debs) {
    const handle = await open(join(root.archives, file), 'r')
    try {
      const { buffer } = await handle.read(Buffer.alloc(60), 0, 60, 8)
      const seconds = Number.parseInt(buffer.toString('latin1', 16, 28), 10)
      if (Number.isFinite(seconds)) newest = Math.max(newest, seconds)
    } finally {
      await handle.close()
    }
  }
  return Math.min(newest, Math.floor(Date.now() / 1000))
}

/** The `SHA256` entries for package indices of a Release file: the part that does not change when the file is only signed again. */
export function indexHashes(release: string): string {
  const section = /^SHA256:\n((?: .*\n?)*)/m.exec(release)?.[1] ?? release
  return section
    .split('\n')
    .filter((line) => /\/binary-[a-z0-9]+\/Packages$/.test(line))
    .map((line) => line.trim())
    .sort()
    .join('\n')
}

/** File names in the output of `apt-get --print-uris`, sorted. */
export function parsePrintUris(output: string): ResolvedDeb[] {
  const files = [...output.matchAll(/^'[^']+' (\S+\.deb) \d+/gm)].map((match) => match[1] ?? '')
  return [...new Set(files)].sort().map((file) => ({ file }))
}

/** Lines of sources.list for apt and mmdebstrap. */
export function sourcesList(archives: readonly RecipeArchive[]): string {
  const lines = archives.flatMap(({ uri, suites, components, signedBy }) =>
    suites.map((suite) => `deb [signed-by=${signedBy}] ${uri} ${suite} ${components.join(' ')}`),
  )
  return `${lines.join('\n')}\n`
}

/** Options of the host's apt that say how to reach an archive: proxies, timeouts, validity checks. As `Name "value"`. */
export async function hostAcquireOptions(): Promise<string[]> {
  const dump = await probeHost(['apt-config', 'dump'], { deadlineMs: 20_000, installHint: APT_HINT })
  return dump.stdout.split('\n').flatMap((line) => {
    const match = /^(Acquire::(?:(?:https?|ftp)::\S+|Check-Valid-Until|Check-Date|Retries)) "([^"]*)";$/.exec(line)
    return match && match[2] !== '' ? [`${match[1]} "${match[2]}"`] : []
  })
}

function wanted(recipe: Recipe): string[] {
  return ['?essential', 'apt', ...recipe.packages]
}

function lineOptions({ signal, onLine }: AptOptions, only?: 'stderr') {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(onLine === undefined
      ? {}
      : {
          onLine: (line: string, stream: 'stdout' | 'stderr') =>
            only === undefined || stream === only ? onLine(line) : undefined,
        }),
  }
}
