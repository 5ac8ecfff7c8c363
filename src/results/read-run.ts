import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { EventReader } from './read-events.ts'
import { applyEvent, emptyRun, type RunModel } from './run-model.ts'

/**
 * The model of the run in a folder, folded while its events are read: the events themselves are never all in memory.
 * @throws ConfigError when there are none, or they are of a newer version
 */
export async function readRun(runDir: string): Promise<{ run: RunModel; unreadable: number }> {
  const info = await stat(runDir).catch(() => undefined)
  const file = info?.isFile() ? runDir : join(runDir, 'events.jsonl')
  const run = emptyRun()
  const reader = new EventReader(file)
  const take = (line: string) => {
    const event = reader.take(line)
    if (event) applyEvent(run, event)
  }
  let rest = ''
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1024 * 1024 })) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) take(line)
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new ConfigError(`cannot read ${file}: ${error.message}`, {
      hint: 'give the folder of a run, for example reports/20260822-101500-a1b2',
      cause: error,
    })
  }
  take(rest)
  reader.end()
  return { run, unreadable: reader.unreadable }
}
