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
  const events: RunEvent[] = []
  let unreadable = 0
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const event = parseLine(line)
    if (event === undefined) unreadable++
    else if (event !== 'unknown') events.push(event)
    if (index === 0) refuseOther(event, file)
  }
  if (events.length === 0) refuseOther(undefined, file)
  return { events, unreadable }
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
