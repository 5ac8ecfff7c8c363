import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { PrerequisiteError } from '../../core/errors.ts'
import { oneAtATime, type Query, type Sql } from './sql.ts'

const SETTINGS = 'PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF'
const WRITER = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'

/** Opens the database in a file, or one in memory by `:memory:`. @throws PrerequisiteError when that cannot be */
export function openSqlite(path: string): Sql {
  const memory = path === ':memory:'
  try {
    if (!memory) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const writer = new DatabaseSync(path, { timeout: 10_000, defensive: true })
    writer.exec(`${SETTINGS}; ${WRITER}`)
    // Who reads must not see what a transaction has not committed.
    const reader = memory ? writer : new DatabaseSync(path, { timeout: 10_000, defensive: true })
    reader.exec(`${SETTINGS}; ${memory ? '' : 'PRAGMA query_only = ON'}`)
    return adapt(path, reader, writer)
  } catch (error) {
    throw new PrerequisiteError(`the database ${path} cannot be opened: ${(error as Error).message}`, {
      hint: 'give a folder on a local disk that can be written',
      cause: error,
    })
  }
}

function adapt(path: string, reader: DatabaseSync, writer: DatabaseSync): Sql {
  const serialize = oneAtATime()
  const reading = asker(reader)
  const writing = asker(writer)
  return {
    kind: 'sqlite',
    shownUrl: path,
    query: reader === writer ? (text, values) => serialize(() => writing(text, values)) : reading,
    transaction: (work) =>
      serialize(async () => {
        writer.exec('BEGIN IMMEDIATE')
        try {
          const value = await work(writing)
          writer.exec('COMMIT')
          return value
        } catch (error) {
          if (writer.isTransaction) writer.exec('ROLLBACK')
          throw error
        }
      }),
    async [Symbol.asyncDispose]() {
      await serialize(async () => {
        if (reader !== writer) reader.close()
        writer.close()
      })
    },
  }
}

const MOST_STATEMENTS = 200

function asker(database: DatabaseSync): Query {
  const statements = new Map<string, StatementSync>()
  return async <Row extends object>(text: string, values: Parameters<Query>[1] = []) => {
    if (values.length === 0 && text.includes(';')) {
      database.exec(text)
      return []
    }
    let statement = statements.get(text)
    if (!statement) {
      if (statements.size >= MOST_STATEMENTS) statements.clear()
      statements.set(text, (statement = database.prepare(text)))
    }
    return statement.all(...values) as Row[]
  }
}
