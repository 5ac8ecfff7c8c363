import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createGunzip } from 'node:zlib'
import { ConfigError } from '../../core/errors.ts'
import type { EventOf } from '../../results/event.ts'
import { EventReader } from '../../results/read-events.ts'
import type { RunEvent } from '../../results/event.ts'

/** A run that is one shard of a plan: the folder of a run, or a blob of it. */
export interface Part {
  /** As the user named it. */
  name: string
  kind: 'folder' | 'blob'
  start: EventOf<'run-started'>
  index: number
  count: number
  /** SHA-256 of its events. */
  digest: string
  /** Last status of each cell that ended, and the highest attempt of each that began. */
  ended: Map<string, EventOf<'cell-ended'>>
  attempts: Map<string, number>
  leaks: number
  /** Time of its last event. */
  lastAt: string
}

/** Reads what a part is, without keeping its events. @throws ConfigError when it is none, is cut, or is of a newer version */
export async function readPart(name: string): Promise<Part> {
  const info = await stat(name).catch(() => undefined)
  if (!info) throw new ConfigError(`there is no ${name}`, { hint: 'give the folders of runs, or their blobs' })
  const kind = info.isDirectory() ? 'folder' : 'blob'
  const hash = createHash('sha256')
  let part: Part | undefined
  for await (const { event, line } of linesOf({ name, kind })) {
    hash.update(line).update('\n')
    if (event?.type === 'run-started') part = begin(name, kind, event)
    if (event && part) take(part, event)
  }
  if (!part) throw new ConfigError(`${name} holds no events of a run`)
  return { ...part, digest: hash.digest('hex') }
}

function begin(name: string, kind: Part['kind'], start: EventOf<'run-started'>): Part {
  if (start.plan === undefined) {
    throw new ConfigError(`${name} does not tell which plan it is a part of`, {
      hint: 'run it again with this harness',
    })
  }
  const { index, count } = start.shard ?? { index: 1, count: 1 }
  const empty = { ended: new Map(), attempts: new Map(), leaks: 0, lastAt: start.at, digest: '' }
  return { name, kind, start, index, count, ...empty }
}

function take(part: Part, event: RunEvent): void {
  part.lastAt = event.at > part.lastAt ? event.at : part.lastAt
  if (!('cell' in event)) return
  const attempt = Math.max(part.attempts.get(event.cell) ?? 0, event.attempt)
  part.attempts.set(event.cell, attempt)
  if (event.type === 'leaked') part.leaks++
  if (event.type === 'cell-started') part.ended.delete(event.cell)
  if (event.type === 'cell-ended' && event.next === undefined && !event.cancelled) part.ended.set(event.cell, event)
}

/** A line of a part: of its events, or of a file in a blob, which is no event. */
export interface PartLine {
  line: string
  event: RunEvent | undefined
}

/** The lines of a part in order; those of files only when `files` says so. @throws ConfigError when a blob is cut or damaged */
export async function* linesOf(part: Pick<Part, 'name' | 'kind'>, files = false): AsyncGenerator<PartLine> {
  const file = part.kind === 'folder' ? join(part.name, 'events.jsonl') : part.name
  const reader = new EventReader(file)
  const raw = createReadStream(file)
  const input = part.kind === 'folder' ? raw : raw.pipe(createGunzip())
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  for (const stream of [raw, input]) stream.on('error', (error: Error) => failed.reject(damaged(part, error)))
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]()
  for (;;) {
    // A stream that breaks ends the lines quietly; what broke it must be told.
    const next = await Promise.race([lines.next(), failed.promise])
    if (next.done) break
    const isFile = next.value.startsWith(FILE_LINE)
    if (isFile && !files) continue
    yield { line: next.value, event: isFile ? undefined : reader.take(next.value) }
  }
  if (input !== raw && !input.readableEnded) await failed.promise
  reader.end()
}

/** How the line of a file in a blob begins. Readers of events leave such lines out. */
export const FILE_LINE = '{"type":"file",'

function damaged({ name, kind }: Pick<Part, 'name' | 'kind'>, error: Error): ConfigError {
  if (kind === 'folder') return new ConfigError(`cannot read ${name}: ${error.message}`, { cause: error })
  return new ConfigError(`${name} is cut or damaged: ${error.message}`, { hint: 'fetch it again', cause: error })
}
