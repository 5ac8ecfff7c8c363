import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { registerSecret } from '../../../src/core/redact.ts'
import { publishPayload, ResultsClient, registerSecretsOf, statementsOfRun } from '../../../src/publish/index.ts'
import { PREDICATES, readStatement } from '../../../src/publish/statement.ts'
import { emptyCell, type CellModel } from '../../../src/results/cell-model.ts'
import { emptyRun, type RunModel } from '../../../src/results/run-model.ts'
import { check } from '../archive/test-archive.ts'
import { testServer } from '../serve/test-server.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'publish-test-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const ID = 'lxd/debian-13/default/container'

function runWith(change: Partial<CellModel> = {}, count = 1): RunModel {
  const cells = Array.from({ length: count }, (_, index) => {
    const id = index === 0 ? ID : `lxd/debian-13/size-${index}/container`
    const agent = { name: 'cloud-init', source: 'release' }
    const summary = {
      id,
      platform: 'lxd',
      image: 'debian-13',
      distribution: 'debian',
      release: '13',
      instanceType: 'default',
      boot: 'container',
      agent,
      suites: ['policy'],
    }
    return {
      ...emptyCell(summary),
      state: 'ended' as const,
      attempt: 1,
      status: 'pass' as const,
      startedAt: '2026-11-20T10:00:00.000Z',
      image: {
        id: 'f00',
        digest: `sha256:${'a'.repeat(64)}`,
        distribution: 'debian',
        release: '13',
        architecture: 'x86_64',
        variant: 'default',
        description: '',
        build: '20261120',
      },
      checks: [check('ssh-root', 'pass')],
      ...change,
    }
  })
  const at = '2026-11-20T10:00:00.000Z'
  return {
    ...emptyRun(),
    runId: '20261120-100000-abcd',
    harness: '0.1.0',
    argv: ['harness', 'run', '--token=hunter2'],
    host: { name: 'secret-host' },
    startedAt: at,
    ended: true,
    cells,
  }
}

function writeLog(name: string, text: string): CellModel['logs'][number] {
  const file = `cells/${ID}/logs/${name}`
  mkdirSync(join(dir, file, '..'), { recursive: true })
  writeFileSync(join(dir, file), text)
  return { file, title: name, bytes: text.length, truncated: false, redactions: 0 }
}

test('the same run always gives the same bytes, and they tell neither host nor command line', async () => {
  const [one, two] = [await statementsOfRun(runWith(), dir), await statementsOfRun(runWith(), dir)]
  expect(one.payloads).toEqual(two.payloads)
  const text = one.payloads[0]?.toString() ?? ''
  expect(text).not.toContain('secret-host')
  expect(text).not.toContain('hunter2')
  expect(readStatement(one.payloads[0] ?? expect.fail()).subject).toEqual([
    { name: 'debian-13', digest: { sha256: 'a'.repeat(64) } },
  ])
})

test('secrets are masked in records, facts and logs before anything leaves', async () => {
  registerSecret('correct-horse-battery')
  registerSecretsOf({ MY_DEPLOY_TOKEN: 'tok-1234567890', HOME: '/root/home-is-no-secret' })
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----'
  const logs = [writeLog('console.log', `ok\n${key}\nAKIAABCDEFGHIJKLMNOP tok-1234567890 /root/home-is-no-secret\n`)]
  writeLog(
    'facts.json',
    JSON.stringify({ packages: [{ name: 'a', version: '1', arch: 'all' }], env: 'correct-horse-battery' }),
  )
  const facts = [{ file: `cells/${ID}/logs/facts.json`, phase: 'first-boot', subject: 'image' as const }]
  const checks = [check('a', 'fail', { errors: [{ message: 'saw correct-horse-battery' }] })]
  const made = await statementsOfRun(runWith({ logs, facts, checks, warnings: ['tok-1234567890'] }), dir)
  const { contentOf } = await import('../../../src/publish/index.ts')
  const sent = [made.payloads.join('')]
  for (const { path, kind } of made.files.values()) sent.push((await contentOf(path, kind))?.bytes.toString() ?? '')
  const all = sent.join('\n')
  for (const secret of ['correct-horse', 'tok-1234567890', 'AKIAABCDEFGH', 'OPENSSH PRIVATE'])
    expect(all).not.toContain(secret)
  expect(all).toContain('/root/home-is-no-secret')
  expect(made.masked).toBeGreaterThanOrEqual(5)
})

test('files outside of the run are not published, whatever events say', async () => {
  const log = (file: string) => ({ file, title: 'x', bytes: 1, truncated: false, redactions: 0 })
  writeLog('good.log', 'good')
  symlinkSync('/etc/hostname', join(dir, 'cells', ID, 'logs', 'link.log'))
  const logs = [
    '../../etc/passwd',
    '/etc/passwd',
    'a\0b',
    `cells/${ID}/logs/link.log`,
    `cells/${ID}/logs/good.log`,
  ].map(log)
  const made = await statementsOfRun(runWith({ logs }), dir)
  expect([...made.files.values()].map(({ path }) => path)).toEqual([join(dir, `cells/${ID}/logs/good.log`)])
  expect(made.left).toHaveLength(4)
})

test('a large run is several submissions that each stay below the limit', async () => {
  const message = 'x'.repeat(10_000)
  const checks = Array.from({ length: 10 }, (_, index) => check(`c-${index}`, 'fail', { errors: [{ message }] }))
  const made = await statementsOfRun(runWith({ checks, status: 'fail' }, 60), dir)
  expect(made.payloads.length).toBeGreaterThan(2)
  for (const payload of made.payloads) expect(payload.length).toBeLessThan(3 * 1024 * 1024)
  const cells = made.payloads.flatMap((payload) => {
    const found = readStatement(payload)
    return found.predicateType === PREDICATES.results ? found.predicate.cells.map(({ id }) => id) : []
  })
  expect(new Set(cells).size).toBe(60)
})

test('what is interrupted goes on where it was, and what was sent is not sent again', async () => {
  await using s = await testServer()
  const logs = Array.from({ length: 12 }, (_, index) => writeLog(`log-${index}.log`, `line ${index}\n`.repeat(500)))
  const made = await statementsOfRun(runWith({ logs }), dir)
  const identity = { kind: 'key' as const, key: s.t.keys.alice }
  const stop = new AbortController()
  let puts = 0
  const real = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    if (init?.method === 'PUT' && ++puts === 5) stop.abort()
    return await real(input, init)
  }
  try {
    const first = new ResultsClient(s.url, { signal: stop.signal })
    await expect(publishPayload(first, made.payloads[0] ?? expect.fail(), made.files, identity)).rejects.toThrow(
      /cancelled/,
    )
    puts = -1_000
    const again = new ResultsClient(s.url, { signal: new AbortController().signal })
    const done = await publishPayload(again, made.payloads[0] ?? expect.fail(), made.files, identity)
    expect(done).toMatchObject({ seq: 1, repeated: false })
    expect(done.uploaded).toBeLessThan(12)
    expect(done.uploaded).toBeGreaterThan(0)
    expect(await publishPayload(again, made.payloads[0] ?? expect.fail(), made.files, identity)).toMatchObject({
      repeated: true,
      uploaded: 0,
    })
  } finally {
    globalThis.fetch = real
  }
})

test('a server that fails for a while is asked again; one that refuses is not', async () => {
  await using s = await testServer()
  const made = await statementsOfRun(runWith(), dir)
  const real = globalThis.fetch
  const waits: string[] = []
  let asked = 0
  globalThis.fetch = async (input, init) =>
    ++asked <= 2 ? new Response('busy', { status: 503 }) : await real(input, init)
  try {
    const client = new ResultsClient(s.url, {
      signal: new AbortController().signal,
      onWait: (line) => waits.push(line),
    })
    const send = (key: typeof s.t.keys.alice) =>
      publishPayload(client, made.payloads[0] ?? expect.fail(), made.files, { kind: 'key', key })
    expect(await send(s.t.keys.alice)).toMatchObject({ seq: 1 })
    expect(waits).toHaveLength(2)
    asked = 2
    await s.t.archive.sql.query('SELECT 1')
    const other = await statementsOfRun({ ...runWith(), runId: 'other' }, dir)
    await expect(
      publishPayload(client, other.payloads[0] ?? expect.fail(), other.files, { kind: 'key', key: s.t.keys.bob }),
    ).rejects.toThrow(/refuses it \(403\): bob may not submit/)
    expect(asked).toBe(3)
  } finally {
    globalThis.fetch = real
  }
})

test('results are only sent over TLS, or to this host', () => {
  const signal = new AbortController().signal
  expect(() => new ResultsClient('http://results.example.org', { signal })).toThrow(/is no address/)
  expect(() => new ResultsClient('file:///etc', { signal })).toThrow(/is no address/)
  expect(new ResultsClient('https://results.example.org/', { signal }).url).toBe('https://results.example.org')
})
