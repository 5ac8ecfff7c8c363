import type { Pool, PoolConfig } from 'pg'
import { ConfigError, PrerequisiteError } from '../core/errors.ts'
import { redact, registerSecret } from '../core/redact.ts'
import { loadPg } from './packages.ts'

/** Statements over a few connections, each with a deadline. */
export interface Database {
  /** Rows of one statement, or of the last of several without values. @throws PrerequisiteError when the server cannot be reached, else what it says */
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Runs statements in one transaction on one connection. */
  transaction<T>(work: (query: Database['query']) => Promise<T>): Promise<T>
  /** Where it is, without the password. */
  readonly shownUrl: string
  close(): Promise<void>
}

const DEADLINE_MS = 30_000

/** Opens a pool of connections. Nothing is sent before the first statement. @throws ConfigError when the URL is none of PostgreSQL */
export async function openDatabase(url: string): Promise<Database> {
  const shownUrl = readUrl(url)
  const { Pool } = await loadPg()
  const pool = new Pool({ ...poolConfig(), connectionString: url })
  // A connection that breaks while nobody uses it is replaced at the next statement.
  pool.on('error', () => {})
  const query: Database['query'] = async (text, values) => await ask(pool, shownUrl, text, values)
  return {
    shownUrl,
    query,
    async transaction(work) {
      const client = await pool.connect().catch((error: unknown) => {
        throw unreachable(error, shownUrl)
      })
      let broken = true
      try {
        await client.query('BEGIN')
        const value = await work(async (text, values) => await ask(client, shownUrl, text, values))
        await client.query('COMMIT')
        broken = false
        return value
      } finally {
        // A connection whose transaction did not end well is not used again; the server rolls it back.
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
}

function poolConfig(): PoolConfig {
  return {
    max: 8,
    application_name: 'harness',
    connectionTimeoutMillis: 10_000,
    query_timeout: DEADLINE_MS,
    statement_timeout: DEADLINE_MS,
    keepAlive: true,
    allowExitOnIdle: true,
  }
}

type Asked = Pick<Pool, 'query'>

async function ask<Row>(
  on: Asked,
  shownUrl: string,
  text: string,
  values: readonly unknown[] | undefined,
): Promise<Row[]> {
  try {
    const result = values === undefined ? await on.query(text) : await on.query(text, [...values])
    // Several statements give several results.
    const last = Array.isArray(result) ? result.at(-1) : result
    return (last?.rows ?? []) as Row[]
  } catch (error) {
    throw unreachable(error, shownUrl)
  }
}

/** Codes of PostgreSQL that begin so mean: no connection, too many of them, the server goes down. */
const UNREACHABLE = /^(08|53|57P)|^(ECONN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ETIMEDOUT|EPIPE|ENOENT$)/
const REFUSED = /^(28|3D000)/

function unreachable(error: unknown, shownUrl: string): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  const lost = UNREACHABLE.test(code) || /timeout|terminated|Connection ended/i.test(error.message)
  if (!lost && !REFUSED.test(code)) return error
  const message = error.message || ('errors' in error ? String((error.errors as unknown[])[0]) : code)
  return new PrerequisiteError(`the database ${shownUrl} does not answer: ${redact(message)}`, {
    hint: 'look at the URL given with --database, and whether PostgreSQL runs there',
    cause: error,
  })
}

function readUrl(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw notOne('it is no URL')
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') throw notOne(`it begins with ${url.protocol}`)
  const password = decodeURIComponent(url.password)
  registerSecret(password)
  registerSecret(url.password)
  if (password) url.password = '***'
  return url.href
}

function notOne(why: string): ConfigError {
  return new ConfigError(`the database cannot be used: ${why}`, {
    hint: 'give a URL such as postgresql://user@host:5432/harness, with --database or in HARNESS_DATABASE',
  })
}
