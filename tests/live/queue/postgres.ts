import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'

/** Where PostgreSQL is, or why the tests that need it are skipped. */
export function findPostgres(): { bin: string } | { missing: string } {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((version) => `/usr/lib/postgresql/${version}/bin`)
  const bin = [...folders, '/usr/bin', '/usr/local/bin'].find((folder) => existsSync(join(folder, 'initdb')))
  return bin === undefined ? { missing: 'PostgreSQL is not installed: apt-get install postgresql' } : { bin }
}

export interface Postgres extends AsyncDisposable {
  url: string
  /** An empty database of its own on this server. */
  database(name: string): Promise<TestDatabase>
  /** Ends the server and its connections; `start` begins it again. */
  stop(): Promise<void>
  start(): Promise<void>
}

export interface TestDatabase {
  url: string
  /** Runs SQL as the owner. */
  sql(text: string): Promise<string>
}

// The server refuses to run as root.
const NOBODY = 65_534

/** A server of its own in a temporary folder, reached only over a socket in it; gone with the test. */
export async function startPostgres(bin: string): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'queue-test-'))
  const root = process.getuid?.() === 0
  if (root) await chown(folder, NOBODY, NOBODY)
  else await chmod(folder, 0o700)
  const as = root ? { uid: NOBODY, gid: NOBODY } : {}
  const data = join(folder, 'data')
  const tool = (name: string) => join(bin, name)
  const made = await runAs([tool('initdb'), '-D', data, '-U', 'harness', '-A', 'trust', '-E', 'UTF8', '--no-sync'], as)
  if (made.code !== 0) throw new Error(`initdb failed: ${made.output}`)
  const settings = ['listen_addresses=', 'fsync=off', 'max_connections=300', 'shared_buffers=32MB']
  const args = ['-D', data, '-k', folder, ...settings.flatMap((setting) => ['-c', setting])]
  let stop = async () => {}
  const start = async () => {
    const server = spawn(tool('postgres'), args, { ...as, stdio: 'ignore', cwd: folder })
    const ended = new Promise<void>((resolve) => server.on('exit', () => resolve()))
    stop = async () => {
      server.kill('SIGINT')
      await ended
    }
    await waitUntil({ what: 'PostgreSQL', deadlineMs: 30_000 }, async () => {
      const { exitCode, stderr } = await psql('SELECT 1')
      return exitCode === 0 ? { done: true, value: undefined } : { done: false, saw: stderr.trim() }
    })
  }
  const psql = async (text: string, database = 'postgres') =>
    await probeHost([tool('psql'), '-h', folder, '-U', 'harness', '-d', database, '-tAc', text], {
      deadlineMs: 30_000,
    })
  const urlOf = (database: string) =>
    `postgresql://harness:not-needed@localhost/${database}?host=${encodeURIComponent(folder)}`
  await start()
  return {
    url: urlOf('postgres'),
    async database(name) {
      await psql(`CREATE DATABASE ${name}`)
      return { url: urlOf(name), sql: async (text) => (await psql(text, name)).stdout.trim() }
    },
    start,
    stop: () => stop(),
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function runAs(command: string[], as: { uid?: number; gid?: number }): Promise<{ code: number; output: string }> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { ...as, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  child.stderr.on('data', (text: Buffer) => (output += text.toString()))
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)))
  return { code, output }
}
