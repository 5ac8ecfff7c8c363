import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pause, waitUntil } from '../../../src/core/wait-until.ts'
import { seal } from '../../../src/publish/envelope.ts'
import { makeKey, type SigningKey } from '../../../src/publish/keys.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { check, registration, results, submission } from '../../unit/archive/test-archive.ts'

const ROOT = join(import.meta.dirname, '../../..')

export interface ServedArchive extends AsyncDisposable {
  folder: string
  url: string
  key: SigningKey
  pid: number
}

/** `harness serve` as a process of its own, with one submitter who may submit much about LXD. */
export async function serveArchive(): Promise<ServedArchive> {
  const folder = mkdtempSync(join(tmpdir(), 'archive-storm-'))
  await makeKey(join(folder, 'keys/archive.pem'))
  const key = await makeKey(join(folder, 'outside/me.pem'))
  mkdirSync(join(folder, 'submitters'))
  const more = "scopes: [{cells: 'lxd/*'}]\nquota: {submissionsPerDay: 1000000, megabytesPerDay: 1000000}"
  writeFileSync(join(folder, 'submitters/me.yaml'), registration('me', key, more))
  const args = [
    join(ROOT, 'src/cli/main.ts'),
    'serve',
    folder,
    '--listen',
    '127.0.0.1:0',
    '--trusted-proxy',
    '127.0.0.1',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: ROOT })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const url = await waitUntil({ what: 'the server', deadlineMs: 60_000 }, async () => {
    const found = /on (http:\S+)/.exec(said)?.[1]
    return found === undefined ? { done: false, saw: 'nothing' } : { done: true, value: found }
  })
  return {
    folder,
    url,
    key,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface StormResult {
  seconds: number
  /** How good ones ended, and hostile ones, by status. */
  good: Record<string, number>
  hostile: Record<string, number>
  /** Milliseconds that readers waited for a page, sorted. */
  reads: number[]
  failedReads: number
}

/** Sends submissions, every tenth of them hostile, while readers ask for pages. */
export async function storm({ url, key }: ServedArchive, count: number, atOnce = 8): Promise<StormResult> {
  const result: StormResult = { seconds: 0, good: {}, hostile: {}, reads: [], failedReads: 0 }
  const stop = new AbortController()
  const started = performance.now()
  await post(url, submission(key, { run: { id: 'before-the-storm' } }), {})
  const readers = ['/', '/api/v1/runs', '/grid/debian-13/', '/api/v1/latest?image=debian-13'].map((path) =>
    read(url, path, stop.signal, result),
  )
  let next = 0
  const send = async () => {
    for (let number = next++; number < count; number = next++) {
      const isHostile = number % 10 === 9
      const { body, headers } = isHostile ? hostileBody(key, number) : goodBody(key, number)
      const status = await post(url, body, {
        ...headers,
        'x-forwarded-for': `10.0.${number % 200}.${(number >> 3) % 250}`,
      })
      const counts = isHostile ? result.hostile : result.good
      counts[status] = (counts[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, send))
  result.seconds = (performance.now() - started) / 1000
  stop.abort()
  await Promise.all(readers)
  result.reads.sort((a, b) => a - b)
  return result
}

async function post(url: string, body: string | Uint8Array, headers: Record<string, string>): Promise<number | string> {
  try {
    const response = await fetch(`${url}/api/v1/submissions`, { method: 'POST', body: Buffer.from(body), headers })
    await response.arrayBuffer()
    return response.status
  } catch {
    // The server hangs up on who sends too much.
    return 'cut off'
  }
}

/** People look at a page before they ask for the next one. */
const BETWEEN_READS_MS = 250

async function read(url: string, path: string, signal: AbortSignal, result: StormResult): Promise<void> {
  for (let number = 0; !signal.aborted; number++) {
    const started = performance.now()
    const headers = { 'x-forwarded-for': `10.1.${number % 200}.1` }
    const response = await fetch(`${url}${path}`, { headers }).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.ok) result.reads.push(performance.now() - started)
    else result.failedReads++
    await pause(BETWEEN_READS_MS, signal)
  }
}

interface Body {
  body: string | Uint8Array
  headers?: Record<string, string>
}

function changeOf(number: number) {
  const status = number % 7 === 0 ? ('fail' as const) : ('pass' as const)
  const at = new Date(Date.now() - 86_400_000 + number * 1000).toISOString()
  const id = `lxd/debian-13/size-${number % 50}/container`
  return {
    run: { id: `storm-${number}`, startedAt: at },
    cell: { id, status, startedAt: at, checks: [check('a', status), check('b', 'pass')] },
    build: `202611${10 + (number % 20)}`,
  }
}

function goodBody(key: SigningKey, number: number): Body {
  return { body: submission(key, changeOf(number)) }
}

/** What somebody who means harm, or a program that is broken, may send. */
function hostileBody(key: SigningKey, number: number): Body {
  const good = submission(key, changeOf(number))
  const kinds: readonly (() => Body)[] = [
    () => ({ body: JSON.stringify(seal(payloadOf(results(changeOf(number))), [])) }),
    () => ({ body: good.replace(/"sig":"..../, '"sig":"AAAA') }),
    () => ({ body: submission(key, { cell: { id: `azure/x/y-${number}/uefi`, platform: 'azure' } }) }),
    () => ({ body: good.slice(0, good.length / 2) }),
    () => ({ body: submission(key, { ...changeOf(0), cell: { ...changeOf(0).cell, reason: `other ${number}` } }) }),
    () => ({ body: gzipSync(Buffer.alloc(64 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } }),
    () => ({ body: Buffer.alloc(5 * 1024 * 1024, 0x20) }),
    () => ({
      body: JSON.stringify(seal(Buffer.from(JSON.stringify({ _type: "'; DROP TABLE run; --", number })), [key])),
    }),
    () => ({ body: '['.repeat(200_000) }),
    () => ({ body: good.replace('in-toto', 'in-tot0') }),
  ]
  return kinds[Math.floor(number / 10) % kinds.length]?.() ?? { body: '' }
}
