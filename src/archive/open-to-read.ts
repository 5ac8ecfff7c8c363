import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { BlobStore } from './blobs.ts'
import { openDatabase } from './database/open-database.ts'
import type { ReadArchive } from './read/page.ts'

/**
 * Opens an archive to read it, also while a server uses it.
 * @param database a `postgresql://` URL; default the database in the folder
 * @throws ConfigError when the folder is no archive
 */
export async function openToRead(folder: string, database?: string): Promise<ReadArchive & AsyncDisposable> {
  const file = join(folder, 'archive.db')
  if (database === undefined && !(await stat(file).catch(() => undefined))) {
    throw new ConfigError(`${folder} is no archive of results`, {
      hint: 'give the folder of `harness serve`, or the one `harness publish --to DIR` wrote',
    })
  }
  const sql = await openDatabase(database ?? file)
  return {
    sql,
    blobs: new BlobStore(join(folder, 'blobs')),
    [Symbol.asyncDispose]: () => sql[Symbol.asyncDispose](),
  }
}
