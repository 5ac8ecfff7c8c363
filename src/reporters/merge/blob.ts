import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { ConfigError } from '../../core/errors.ts'
import { insideRun } from '../run-files.ts'
import { FILE_LINE, linesOf, type Part } from './part.ts'

/** A file of a run in its blob: one line, which readers of events leave out. */
interface FileLine {
  type: 'file'
  /** Relative to the folder of the run; below `cells/`. */
  path: string
  sha256: string
  data: string
}

/** Larger ones are not taken along. What cells keep is capped far below. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

/**
 * Writes the events of a run and the files of its cells into one file, for `harness merge` on another host.
 * It is `events.jsonl`, then one line for each file, compressed by gzip.
 */
export async function writeBlob(runDir: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const fresh = `${path}.${process.pid}.tmp`
  try {
    await pipeline(Readable.from(blobLines(runDir)), createGzip(), createWriteStream(fresh))
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

async function* blobLines(runDir: string): AsyncGenerator<string> {
  for await (const { line } of linesOf({ name: runDir, kind: 'folder' })) yield `${line}\n`
  for await (const path of filesBelow(join(runDir, 'cells'))) {
    if ((await stat(path)).size > MAX_FILE_BYTES) continue
    const bytes = await readFile(path)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const file: FileLine = { type: 'file', path: relative(runDir, path), sha256, data: bytes.toString('base64') }
    yield `${JSON.stringify(file)}\n`
  }
}

/** Regular files, by name; links are left out, so that nothing from elsewhere gets into a blob. */
export async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** Brings the files of the cells of a part into another folder. @throws ConfigError when a blob is not what it was */
export async function copyFiles(part: Part, runDir: string): Promise<void> {
  const own = part.start.cells.map(({ id }) => `cells/${id}/`)
  const isOwn = (path: string) => own.some((folder) => path.startsWith(folder))
  for await (const { path, bytes } of filesOf(part)) {
    const target = insideRun(runDir, path)
    if (target === undefined || !isOwn(path)) {
      throw new ConfigError(`${part.name} holds a file that belongs to none of its cells: ${JSON.stringify(path)}`)
    }
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, bytes)
  }
}

async function* filesOf(part: Part): AsyncGenerator<{ path: string; bytes: Buffer }> {
  if (part.kind === 'folder') {
    for await (const path of filesBelow(join(part.name, 'cells')))
      yield { path: relative(part.name, path), bytes: await readFile(path) }
    return
  }
  for await (const { line } of linesOf(part, true)) {
    if (!line.startsWith(FILE_LINE)) continue
    const file = JSON.parse(line) as FileLine
    const bytes = Buffer.from(file.data, 'base64')
    if (createHash('sha256').update(bytes).digest('hex') !== file.sha256)
      throw new ConfigError(`${part.name} is not what it was: ${file.path} has another digest`)
    yield { path: file.path, bytes }
  }
}
