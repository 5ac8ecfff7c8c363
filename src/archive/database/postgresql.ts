import type Pg from 'pg'
import type { PoolClient } from 'pg'
import { ConfigError, PrerequisiteError } from '../../core/errors.ts'
import { redact, registerSecret } from '../../core/redact.ts'
import { oneAtATime, type Query, type Sql, type SqlValue } from './sql.ts'

const DEADLINE_MS = 30_000
/** `bigint` as numbers: what is stored in them is far below 2^53. */
const BIGINT = 20

/** Opens a pool of connections. @throws ConfigError when the URL is wrong, PrerequisiteError when `pg` is missing or the server is */
export async function openPostgresql(url: string): Promise<Sql> {
  const shownUrl = hidePassword(url)
  const pg = await loadPg()
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    application_name: 'harness',
    connectionTimeoutMillis: 10_000,
    query_timeout: DEADLINE_MS,
    statement_timeout: DEADLINE_MS,
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        id === BIGINT ? Number : pg.types.getTypeParser(id, format as 'text'),
    },
  })
  pool.on('error', () => {})
  const serialize = oneAtATime()
  const connect = async (): Promise<PoolClient> => {
    try {
      return await pool.connect()
    } catch (error) {
      throw unreachable(error, shownUrl)
    }
  }
  return {
    kind: 'postgresql',
    shownUrl,
    async query(text, values) {
      const client = await connect()
      try {
        return await asker(client)(text, values)
      } finally {
        client.release()
      }
    },
    transaction: (work) =>
      serialize(async () => {
        const client = await connect()
        let broken = true
        try {
          await client.query('BEGIN')
          await client.query(`SELECT pg_advisory_xact_lock(hashtext('harness archive'))`)
          const value = await work(asker(client))
          await client.query('COMMIT')
          broken = false
          return value
        } finally {
          // A connection whose transaction did not end well is not used again; the server rolls it back.
          client.release(broken)
        }
      }),
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

function asker(client: PoolClient): Query {
  return async <Row extends object>(text: string, values?: readonly SqlValue[]) => {
    if (values === undefined) {
      const result = await client.query(text)
      return (Array.isArray(result) ? [] : result.rows) as Row[]
    }
    let number = 0
    const numbered = text.replaceAll('?', () => `$${++number}`)
    const { rows } = await client.query(
      numbered,
      values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
    )
    return rows as Row[]
  }
}

async function loadPg(): Promise<typeof Pg> {
  try {
    return (await import('pg')).default
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new PrerequisiteError('an archive in PostgreSQL needs the package pg, which is optional', {
      hint: 'npm install pg@^8.23.1',
      cause: error,
    })
  }
}

function hidePassword(text: string): string {
  try {
    const url = new URL(text)
    registerSecret(decodeURIComponent(url.password))
    registerSecret(url.password)
    if (url.password) url.password = '***'
    return url.href
  } catch (error) {
    throw new ConfigError('the URL of the database cannot be read', {
      hint: 'give one such as postgresql://user@host:5432/harness',
      cause: error,
    })
  }
}

function unreachable(error: unknown, shownUrl: string): PrerequisiteError {
  const message = error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error)
  return new PrerequisiteError(`the database ${shownUrl} does not answer: ${redact(message)}`, {
    hint: 'look at the URL, and whether PostgreSQL runs there',
    cause: error,
  })
}
