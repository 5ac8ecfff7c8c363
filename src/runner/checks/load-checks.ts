import { readdir, stat } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { formatMs } from '../../core/duration.ts'
import { ConfigError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { Check } from '../../testing/check.ts'
import { checksOfFiles, loadingFile } from '../../testing/registry.ts'
import { refuseWrongInfo } from './check-info.ts'
import { declareScript, isScript, wouldBeScript } from './script-check.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const IMPORT_MS = 60_000
const EXTENSION = extname(import.meta.url)

/** What a file with checks imports as `harness/testing`, from wherever it lies. */
export const TESTING_ENTRY = resolve(HERE, `../../testing/index${EXTENSION}`)

/** Folders with the checks the harness brings along. */
export const BUILT_IN_CHECKS: readonly string[] = [
  resolve(HERE, '../../../tests/policy'),
  resolve(HERE, '../../../tests/integration'),
]

/** Files that declare checks: modules that are imported, and executables with metadata in comments. */
export interface CheckFiles {
  modules: string[]
  scripts: string[]
}

/**
 * Finds the files with checks below some paths.
 * @param extra files or folders of the user
 * @param builtIn folders that are searched first, without complaint when one is empty
 * @throws ConfigError when a path does not exist or holds no checks
 */
export async function findCheckFiles(
  extra: readonly string[] = [],
  builtIn: readonly string[] = BUILT_IN_CHECKS,
): Promise<CheckFiles> {
  const found: CheckFiles = { modules: [], scripts: [] }
  for (const folder of builtIn) await addFolder(found, folder, { builtIn: true })
  for (const path of extra) {
    const before = found.modules.length + found.scripts.length
    const info = await stat(path).catch(() => undefined)
    if (!info) throw new ConfigError(`there is no ${path}`, { hint: 'correct `checks` in the matrix, or --checks' })
    if (info.isDirectory()) await addFolder(found, resolve(path), { builtIn: false })
    else await addFile(found, resolve(path), true)
    if (found.modules.length + found.scripts.length === before) {
      throw new ConfigError(`${path} holds no checks`, {
        hint: 'checks are TypeScript files, or executables with `# harness:` lines',
      })
    }
  }
  return { modules: [...new Set(found.modules)], scripts: [...new Set(found.scripts)] }
}

/**
 * Declares every check of some files in this process, and gives those of these files, by id.
 * @throws ConfigError naming the file when one cannot be imported, or both when two use the same id
 */
export async function loadCheckFiles(files: CheckFiles): Promise<Map<string, Check>> {
  resolveTestingEntry()
  for (const file of files.modules) {
    try {
      await loadingFile(file, () => importInTime(file))
    } catch (error) {
      if (error instanceof ConfigError) throw error
      throw new ConfigError(`cannot be imported: ${(error as Error).message}`, { position: { file }, cause: error })
    }
  }
  for (const script of files.scripts) await declareScript(script)
  const checks = checksOfFiles(new Set([...files.modules, ...files.scripts]))
  for (const check of checks.values())
    if (!BUILT_IN_CHECKS.some((folder) => check.file.startsWith(folder))) refuseWrongInfo(check)
  return checks
}

async function importInTime(file: string): Promise<void> {
  const over = new AbortController()
  const late = pause(IMPORT_MS, over.signal).then(() => {
    if (over.signal.aborted) return
    throw new ConfigError(`is still loading after ${formatMs(IMPORT_MS)}`, {
      position: { file },
      hint: 'let nothing at the top of it wait for what may never happen',
    })
  })
  try {
    await Promise.race([import(pathToFileURL(file).href), late])
  } finally {
    over.abort()
  }
}

/** All checks the harness brings along and those below `extra`, by id. @throws ConfigError */
export async function loadChecks(extra: readonly string[] = []): Promise<Map<string, Check>> {
  return await loadCheckFiles(await findCheckFiles(extra))
}

async function addFolder(found: CheckFiles, folder: string, options: { builtIn: boolean }): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await addFolder(found, path, options)
    else if (options.builtIn) {
      if (isBuiltInCheck(entry.name)) found.modules.push(path)
    } else await addFile(found, path, false)
  }
}

function isBuiltInCheck(name: string): boolean {
  return name.endsWith(EXTENSION) && !name.endsWith('.d.ts') && !/\.test\.[jt]s$/.test(name)
}

async function addFile(found: CheckFiles, path: string, named: boolean): Promise<void> {
  if (/\.[mc]?[jt]s$/.test(path) && !/\.d\.[mc]?ts$/.test(path) && !/\.test\.[jt]s$/.test(path))
    found.modules.push(path)
  else if (await isScript(path)) found.scripts.push(path)
  else if (named || (await wouldBeScript(path))) {
    throw new ConfigError('is neither a TypeScript file nor an executable', {
      position: { file: path },
      hint: `chmod +x ${path}`,
    })
  }
}

let resolving = false

/** A check of the user need not have the harness installed beside it. */
function resolveTestingEntry(): void {
  if (resolving) return
  resolving = true
  const url = pathToFileURL(TESTING_ENTRY).href
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'harness/testing' ? { url, shortCircuit: true } : next(specifier, context),
  })
}
