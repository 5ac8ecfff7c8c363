import { migrate } from './migrate.ts'
import type { Sql } from './sql.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Opens the database of an archive and brings its tables up to date.
 * @param where path of a file, `:memory:`, or `postgresql://…`
 * @throws PrerequisiteError when it cannot be used, ConfigError when the URL is wrong
 */
export async function openDatabase(where: string): Promise<Sql> {
  const sql = /^postgres(ql)?:/.test(where) ? await openPostgres(where) : openSqlite(where)
  try {
    await migrate(sql)
    return sql
  } catch (error) {
    await sql[Symbol.asyncDispose]()
    throw error
  }
}

async function openPostgres(url: string): Promise<Sql> {
  const { openPostgresql } = await import('./postgresql.ts')
  return await openPostgresql(url)
}
