import { createHash } from 'node:crypto'
import { chmod, mkdir, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { AgentSource, Cell } from '../matrix/cell.ts'
import type { CellPlan } from '../runner/plan/plan.ts'
import type { Database } from './database.ts'

const PIECE_BYTES = 512 * 1024
const ALL_BYTES = 512 * 1024 * 1024

/**
 * Sends the files and folders that cells name to where workers find them: packages of the agent, keys of repositories, checks.
 * Returns how many files that were.
 * @throws ConfigError when one cannot be read, or they are too many
 */
export async function addInputs(database: Database, runId: string, plans: readonly CellPlan[]): Promise<number> {
  const roots = new Set(plans.flatMap(({ cell }) => pathsOf(cell)))
  let files = 0
  let bytes = 0
  for (const root of roots) {
    for (const path of await filesBelow(root)) {
      files++
      const { mode } = await stat(path)
      for await (const [piece, data] of piecesOf(path)) {
        bytes += data.length
        if (bytes > ALL_BYTES)
          throw new ConfigError(`${root}: what the cells name is too large to be sent to workers`, {
            hint: 'name single files instead of folders',
          })
        await database.query(
          'INSERT INTO harness.input (run_id, path, piece, mode, data) VALUES ($1, $2, $3, $4, $5)',
          [runId, path, piece, mode & 0o777, data],
        )
      }
    }
  }
  return files
}

/** Brings the files a cell names into a folder of this worker. Returns the cell as it is to be run here. */
export async function fetchInputs(database: Database, runId: string, cell: Cell, dir: string): Promise<Cell> {
  const here = new Map<string, string>()
  for (const root of pathsOf(cell)) {
    const mark = createHash('sha256').update(root).digest('hex').slice(0, 16)
    const target = join(dir, mark, basename(root))
    here.set(root, target)
    await fetchRoot(database, runId, root, target)
  }
  const at = (path: string) => here.get(path) ?? path
  return { ...cell, checks: cell.checks.map(at), agentSource: withPaths(cell.agentSource, at) }
}

async function fetchRoot(database: Database, runId: string, root: string, target: string): Promise<void> {
  if (await stat(target).catch(() => undefined)) return
  const files = await database.query<{ path: string; pieces: number; mode: number }>(
    `SELECT path, count(*)::int AS pieces, min(mode) AS mode FROM harness.input
     WHERE run_id = $1 AND (path = $2 OR starts_with(path, $2 || '/')) GROUP BY path`,
    [runId, root],
  )
  for (const { path, pieces, mode } of files) {
    const file = path === root ? target : join(target, relative(root, path))
    await mkdir(dirname(file), { recursive: true })
    await using handle = await open(file, 'w')
    for (let piece = 0; piece < pieces; piece++) {
      const [row] = await database.query<{ data: Buffer }>(
        'SELECT data FROM harness.input WHERE run_id = $1 AND path = $2 AND piece = $3',
        [runId, path, piece],
      )
      if (row) await handle.write(row.data)
    }
    await chmod(file, mode)
  }
}

function pathsOf(cell: Cell): string[] {
  const source = cell.agentSource
  const paths = [...cell.checks]
  if (source.kind === 'package') paths.push(source.path)
  if (source.kind === 'repository' && source.key !== undefined) paths.push(source.key)
  return paths
}

function withPaths(source: AgentSource, at: (path: string) => string): AgentSource {
  if (source.kind === 'package') return { ...source, path: at(source.path) }
  if (source.kind === 'repository' && source.key !== undefined) return { ...source, key: at(source.key) }
  return source
}

async function filesBelow(root: string): Promise<string[]> {
  const info = await stat(root).catch((error: Error) => {
    throw new ConfigError(`${root} cannot be sent to workers: ${error.message}`)
  })
  if (info.isFile()) return [root]
  const files: string[] = []
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    if (entry.isDirectory()) files.push(...(await filesBelow(join(root, entry.name))))
    else if (entry.isFile()) files.push(join(root, entry.name))
  }
  return files
}

/** A file that is empty has one empty piece. */
async function* piecesOf(path: string): AsyncGenerator<[number, Buffer]> {
  await using handle = await open(path, 'r')
  for (let piece = 0; ; piece++) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES)
    if (bytesRead === 0 && piece > 0) return
    yield [piece, buffer.subarray(0, bytesRead)]
    if (bytesRead < PIECE_BYTES) return
  }
}
