import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { RunEvent } from './event.ts'

export interface ReadEvents {
  events: RunEvent[]
  /** Lines that could not be read: one, the last, when a run was killed while it wrote; more when the file is damaged. */
  unreadable: number
}

/**
 * Reads `events.jsonl`, or the one in a run folder.
 * @throws ConfigError when it does not exist, is not a file of events, or is of a newer version.
 */
export async function readEvents(fileOrFolder: string): Promise<ReadEvents> {
  let file = fileOrFolder
  let text: string
  try {
    if ((await stat(file)).isDirectory()) file = join(file, 'events.jsonl')
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read ${file}: ${(error as Error).message}`, {
      hint: 'give the folder of a run, for example reports/20260822-101500-a1b2',
      cause: error,
    })
  }
  return parseEvents(text, file)
}

/** `readEvents` for text that is already in memory; `file` is only named in errors. */
export function parseEvents(text: string, file: string): ReadEvents {
  const reader = new EventReader(file)
  const events = text.split('\n').flatMap((line) => reader.take(line) ?? [])
  reader.end()
  return { events, unreadable: reader.unreadable }
}

/** Reads lines of one file; `file` is only named in errors. */
export class EventReader {
  /** Lines that are no events. */
  unreadable = 0
  readonly #file: string
  #lines = 0
  #events = 0

  constructor(file: string) {
    this.#file = file
  }

  /** The event in a line; undefined when it is empty, cannot be read or is of a kind this harness does not know. @throws ConfigError at the first line of a file of something else */
  take(line: string): RunEvent | undefined {
    const first = this.#lines++ === 0
    if (line.trim() === '') return undefined
    const event = parseLine(line)
    if (first) refuseOther(event, this.#file)
    if (event === undefined) this.unreadable++
    if (event === undefined || event === 'unknown') return undefined
    this.#events++
    return event
  }

  /** @throws ConfigError when there was no event */
  end(): void {
    if (this.#events === 0) refuseOther(undefined, this.#file)
  }
}

function refuseOther(first: RunEvent | 'unknown' | undefined, file: string): void {
  if (first === undefined || first === 'unknown' || first.type !== 'run-started') {
    throw new ConfigError('this is not a file of run events', {
      position: { file, line: 1 },
      hint: 'the first line of events.jsonl is a "run-started" event',
    })
  }
  if (first.version > 1) {
    throw new ConfigError(`the events have version ${first.version}, and this harness reads version 1`, {
      position: { file, line: 1 },
      hint: `use harness ${first.harness} or newer`,
    })
  }
}

const OF_CELL: ReadonlySet<string> = new Set([
  'cell-started',
  'image-found',
  'step-started',
  'step-progress',
  'step-ended',
  'check-started',
  'check-ended',
  'log-collected',
  'facts-collected',
  'measured',
  'agent-upgraded',
  'warning',
  'leaked',
  'cell-ended',
])

function parseLine(line: string): RunEvent | 'unknown' | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || !('at' in value)) return undefined
  const { type } = value
  if (type === 'run-started') {
    return 'runId' in value && 'cells' in value && Array.isArray(value.cells) ? (value as RunEvent) : undefined
  }
  if (type === 'run-ended' || type === 'run-resumed') return value as RunEvent
  if (typeof type !== 'string' || !OF_CELL.has(type)) return 'unknown'
  if (!('cell' in value) || typeof value.cell !== 'string') return undefined
  if (type === 'check-ended' && !('record' in value && typeof value.record === 'object' && value.record !== null))
    return undefined
  return value as RunEvent
}
