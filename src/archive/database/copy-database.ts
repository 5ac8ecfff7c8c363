import { stat } from 'node:fs/promises'
import { backup, DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../../core/errors.ts'

/** Writes a whole copy of a database of SQLite, while others use it. @throws ConfigError when the copy exists */
export async function copyDatabase(from: string, to: string): Promise<void> {
  if (await stat(to).catch(() => undefined)) throw new ConfigError(`${to} exists`, { hint: 'name another file' })
  if (!(await stat(from).catch(() => undefined))) throw new ConfigError(`there is no database ${from}`)
  const database = new DatabaseSync(from, { readOnly: true })
  try {
    await backup(database, to)
  } finally {
    database.close()
  }
}
