import { join } from 'node:path'
import { archiveKey } from './archive-key.ts'
import { FIRST_PREV } from './log-entry.ts'
import { LogFiles } from './log-files.ts'
import { PLACES } from './places.ts'
import { prove } from './rebuild.ts'

/** Proves the files of an archive without a database: every line of the log, every payload. @throws ConfigError at the first that is wrong */
export async function proveArchive(folder: string): Promise<{ submissions: number; head: string }> {
  const key = await archiveKey(folder)
  let prev = FIRST_PREV
  let submissions = 0
  for await (const archived of new LogFiles(join(folder, PLACES.log)).all()) {
    prev = prove(archived, prev, key).hash
    submissions++
  }
  return { submissions, head: prev }
}
