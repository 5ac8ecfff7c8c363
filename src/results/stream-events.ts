import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { ConfigError } from '../core/errors.ts'
import type { RunEvent } from './event.ts'
import { EventReader } from './read-events.ts'

/**
 * The events of a run one by one, without holding them all. Lines that cannot be read are left out: a killed run leaves one.
 * @param fileOrFolder `events.jsonl` or the folder of the run
 * @param only lines that are read at all, besides the first; looking at a line is quicker than reading it
 * @throws ConfigError when it does not exist, is not a file of events, or is of a newer version
 */
export async function* streamEvents(fileOrFolder: string, only?: RegExp): AsyncGenerator<RunEvent> {
  const info = await stat(fileOrFolder).catch(() => undefined)
  const file = info?.isDirectory() ? join(fileOrFolder, 'events.jsonl') : fileOrFolder
  if (!(await stat(file).catch(() => undefined))) {
    throw new ConfigError(`cannot read ${file}: there is no such file`, { hint: 'harness list runs' })
  }
  const reader = new EventReader(file)
  let first = true
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (!first && only && !only.test(line)) continue
    first = false
    const event = reader.take(line)
    if (event) yield event
  }
  reader.end()
}
