import { PrerequisiteError } from '../../core/errors.ts'
import { MIGRATIONS } from './migrations.ts'
import type { Sql } from './sql.ts'

/**
 * Brings the tables to what this program needs. Each step is one transaction.
 * @throws PrerequisiteError when a newer program has used the database
 */
export async function migrate(sql: Sql, migrations: readonly string[] = MIGRATIONS): Promise<void> {
  await sql.transaction((query) =>
    query('CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, done_at TEXT NOT NULL)'),
  )
  for (;;) {
    const more = await sql.transaction(async (query) => {
      const [row] = await query<{ version: number | null }>('SELECT max(version) AS version FROM migration')
      const version = row?.version ?? 0
      if (version > migrations.length) {
        throw new PrerequisiteError(
          `the database has version ${version}, and this program knows ${migrations.length}`,
          {
            hint: 'use the newer program again, or make the database anew from the archive: harness archive rebuild',
          },
        )
      }
      const next = migrations[version]
      if (next === undefined) return false
      await query(spelled(next, sql.kind))
      await query('INSERT INTO migration VALUES (?, ?)', [version + 1, new Date().toISOString()])
      return true
    })
    if (!more) return
  }
}

function spelled(ddl: string, kind: Sql['kind']): string {
  if (kind === 'sqlite') {
    return ddl
      .replaceAll(/\bINT8\b/g, 'INTEGER')
      .replaceAll(/\bREAL8\b/g, 'REAL')
      .replaceAll(/\bBYTES8\b/g, 'BLOB')
      .replaceAll(/^(CREATE TABLE .*\));$/gm, '$1 STRICT;')
  }
  return ddl
    .replaceAll(/\bINT8\b/g, 'bigint')
    .replaceAll(/\bREAL8\b/g, 'double precision')
    .replaceAll(/\bBYTES8\b/g, 'bytea')
    .replaceAll(/\bTEXT\b/g, 'text COLLATE "C"')
}
