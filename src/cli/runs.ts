import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { ConfigError } from '../core/errors.ts'
import type { RunEvent } from '../results/event.ts'
import type { Status } from '../results/status.ts'

export interface RunFolder {
  runId: string
  dir: string
  /** Absent when the run did not end. */
  status?: Status
  cells: number
}

/** The runs below a reports folder, newest first. */
export async function listRunFolders(reportsDir: string): Promise<RunFolder[]> {
  const names = (await readdir(reportsDir).catch(() => [])).filter((name) => /^\d{8}-\d{6}-/.test(name))
  return await Promise.all(
    names
      .sort()
      .reverse()
      .map((name) => describe(join(reportsDir, name), name)),
  )
}

/**
 * The folder of a run a user names: by path, by run id, or by nothing, which means the newest.
 * @throws ConfigError
 */
export async function findRunFolder(reference: string | undefined, reportsDir: string): Promise<string> {
  if (reference === undefined) {
    const [newest] = await listRunFolders(reportsDir)
    if (newest) return newest.dir
    throw new ConfigError(`there are no runs in ${reportsDir}`, {
      hint: 'name the folder of a run, or start one: harness run',
    })
  }
  for (const dir of [reference, join(reportsDir, reference)]) {
    if (await stat(join(dir, 'events.jsonl')).catch(() => undefined)) return dir
  }
  throw new ConfigError(`${reference} is not the folder of a run: it has no events.jsonl`, {
    hint: 'harness list runs',
  })
}

async function describe(dir: string, runId: string): Promise<RunFolder> {
  let cells = 0
  let status: Status | undefined
  for await (const event of eventsOf(dir)) {
    if (event.type === 'run-started') cells = event.cells.length
    if (event.type === 'run-ended') status = event.status
  }
  return { runId, dir, cells, ...(status ? { status } : {}) }
}

async function* eventsOf(dir: string): AsyncGenerator<RunEvent> {
  const file = join(dir, 'events.jsonl')
  if (!(await stat(file).catch(() => undefined))) return
  for await (const line of createInterface({ input: createReadStream(file) })) {
    try {
      yield JSON.parse(line) as RunEvent
    } catch {
      // A run that was killed may leave half a line.
    }
  }
}
