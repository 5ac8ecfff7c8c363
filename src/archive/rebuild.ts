import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { digestOf } from '../publish/digest.ts'
import { verifyBytes } from '../publish/envelope.ts'
import type { KeyObject } from 'node:crypto'
import { archivedRows } from './archived-rows.ts'
import { archiveKey } from './archive-key.ts'
import { PLACES } from './places.ts'
import type { Sql } from './database/sql.ts'
import { FIRST_PREV, hashOf, type LogEntry } from './log-entry.ts'
import { LogFiles, type ArchivedSubmission } from './log-files.ts'
import { insertRows } from './row.ts'

/**
 * Fills an empty database from the files of an archive, and proves them while it does: every payload is what the log says, and
 * every line of the log follows from the one before it.
 * @throws ConfigError at the first file that is not what it was
 */
export async function rebuild(folder: string, sql: Sql): Promise<{ submissions: number; head: string }> {
  const key = await archiveKey(folder)
  const [some] = await sql.query('SELECT id FROM submission LIMIT 1')
  if (some) throw new ConfigError(`the database ${sql.shownUrl} is not empty`, { hint: 'give a new one' })
  let prev = FIRST_PREV
  let submissions = 0
  for await (const archived of new LogFiles(join(folder, PLACES.log)).all()) {
    prove(archived, prev, key)
    const { entry } = archived
    await sql.transaction((query) => insertRows(query, archivedRows(archived)))
    prev = entry.hash
    submissions++
  }
  return { submissions, head: prev }
}

/** Checks one file of the log against the one before it. @throws ConfigError */
export function prove({ entry, envelope }: ArchivedSubmission, prev: string, key: KeyObject): LogEntry {
  const wrong = (what: string) =>
    new ConfigError(`submission ${entry.seq} of the archive is not what it was: ${what}`, {
      hint: 'bring the archive back from a backup',
    })
  if (entry.prev !== prev) throw wrong('it does not follow the one before it')
  if (hashOf(entry) !== entry.hash) throw wrong('its hash is another')
  if (!verifyBytes(Buffer.from(entry.hash), entry.signature, key)) throw wrong('this archive did not sign it')
  if (envelope && digestOf(Buffer.from(envelope.payload, 'base64')) !== entry.id) throw wrong('its payload is another')
  return entry
}
