import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitUntil } from '../../src/core/wait-until.ts'
import { harness, HARNESS, ROOT } from './cli.ts'

let folder: string
let archive: string
const run = (...args: string[]) => harness(args, { cwd: folder, env: { HARNESS_KEY: undefined } })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'publish-e2e-'))
  archive = join(folder, 'archive')
  mkdirSync(join(folder, 'reports/20261120-100000-abcd'), { recursive: true })
  copyFileSync(
    join(ROOT, 'tests/fixtures/events/failing.jsonl'),
    join(folder, 'reports/20261120-100000-abcd/events.jsonl'),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The server as an operator starts it. */
async function served() {
  const child = spawn(HARNESS, ['serve', archive, '--listen', '127.0.0.1:0', '--retention', '1 day'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const url = await waitUntil({ what: 'the server', deadlineMs: 60_000 }, async () => {
    const found = /on (http:\S+)/.exec(said)?.[1]
    return found === undefined ? { done: false, saw: said.slice(-300) } : { done: true, value: found }
  })
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      return { code: await ended, said }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

test('from nothing to a served result, taken back, verified, rebuilt and backed up', async () => {
  const made = await run('archive', 'init', archive, '--owner', 'me', '--key', 'me.pem')
  expect(made).toMatchObject({ code: 0 })
  expect((await run('archive', 'init', archive)).stderr).toContain('is an archive already')
  mkdirSync(join(folder, 'known-issues'))
  writeFileSync(
    join(folder, 'known-issues/none.yaml'),
    "id: 'lab:none'\nversion: 1\ntitle: nothing like it\nculprit: test\ncontains: [nothing like it]\nsamples: {hit: [nothing like it], miss: [fine]}\n",
  )
  await using server = await served()
  const first = await run('publish', '--to', server.url, '--key', 'me.pem')
  expect(first.stderr).toBe('')
  expect(first.stdout).toMatch(/^published as sha256:[0-9a-f]{64}, number 1 of the log/)
  const again = await run('publish', '--to', server.url, '--key', 'me.pem')
  expect(again.stdout).toMatch(/^was there as sha256:/)
  const id = /sha256:[0-9a-f]{64}/.exec(first.stdout)?.[0] ?? ''
  const page = await fetch(`${server.url}/run/${id.slice(7)}/`)
  expect(page.headers.get('content-type')).toContain('text/html')
  expect([page.status, (await page.text()).includes('</html>')]).toEqual([200, true])

  writeFileSync(join(folder, 'results.xml'), '<testsuite><testcase name="boots"/></testsuite>')
  const about = ['--cell', 'vendor/debian-13/x1/uefi', '--image', 'debian-13', '--digest', `sha256:${'c'.repeat(64)}`]
  const foreign = await run(
    'publish',
    'results.xml',
    '--format',
    'junit',
    ...about,
    '--to',
    server.url,
    '--key',
    'me.pem',
  )
  expect(foreign).toMatchObject({ code: 0, stderr: '' })
  const taken = await run('retract', id, '--reason', 'wrong image', '--to', server.url, '--key', 'me.pem')
  expect(taken.stdout).toContain('is retracted, by number 3 of the log')
  const issues = (await (await fetch(`${server.url}/api/v1/issues`)).json()) as object
  expect(issues).toMatchObject({ items: [{ id: 'lab:none', state: 'not seen' }] })
  const state = (await (await fetch(`${server.url}/api/v1/submissions/${id}`)).json()) as object
  expect(state).toMatchObject({ state: 'retracted', retractedBy: [{ reason: 'wrong image' }] })

  const busy = await run('publish', '--to', archive, '--key', 'me.pem')
  expect([busy.code, busy.stderr]).toEqual([2, expect.stringContaining('another process uses the archive') as string])
  expect((await run('archive', 'backup', archive, '--database', 'copy.db')).code).toBe(0)
  const dumped = await run('archive', 'dump', archive, '--database', 'copy.db')
  const stopped = await server.stop()
  expect(stopped.code).toBe(0)
  expect(stopped.said).toContain(
    'removed 0 files (0 B), judgements of 0 results, 0 whole submissions; results: 0 daily',
  )

  expect((await run('archive', 'verify', archive)).stdout).toContain('3 submissions')
  expect((await run('archive', 'rebuild', archive, '--database', 'new.db')).code).toBe(0)
  expect((await run('archive', 'dump', archive, '--database', 'new.db')).stdout).toBe(dumped.stdout)
})

test('what is missing is said with the way to it', async () => {
  const lines = [
    await run('publish', '--to', 'https://results.example.org'),
    await run('publish', '--key', 'me.pem'),
    await run('publish', 'results.xml', '--format', 'tap', '--to', archive, '--key', 'me.pem'),
    await run('publish', '--to', 'http://results.example.org', '--key', 'me.pem'),
    await run('serve', join(folder, 'nowhere')),
    await run('serve', archive, '--retention', '1 second'),
    await run('serve', archive, '--most-bytes', '20G'),
    await run('serve', archive, '--retention', '1 day', '--most-bytes', 'much'),
    await run('key', 'show', 'nowhere.pem'),
    await run('retract', 'x', '--reason', 'y', '--to', archive, '--key', 'me.pem'),
  ]
  expect(lines.map(({ code, stderr }) => `${code} ${stderr.replaceAll(folder, '.').trim()}`)).toMatchInlineSnapshot(`
    [
      "3 harness: nothing shows who publishes this
      give --key FILE (make one: harness key new FILE), or run it in a GitHub job with \`permissions: {id-token: write}\`",
      "2 harness: say where to publish
      --to https://results.example.org",
      "2 harness: a file of tap does not tell what was tested
      --cell lxd/debian-13/default/container --image debian-13 --digest sha256:…",
      "2 harness: http://results.example.org is no address results can be sent to
      give an https:// URL, or http:// on this host only",
      "2 harness: there is no key at ./nowhere/keys/archive.pem
      make an archive: harness archive init ./nowhere",
      "2 harness: --retention "1 second" is too often
      --retention "1 day"",
      "2 harness: --most-bytes goes with --retention
      --retention "1 day"",
      "2 harness: --most-bytes much is not a size
      for example --most-bytes 20G",
      "2 harness: there is no key at nowhere.pem
      make one: harness key new nowhere.pem",
      "2 harness: x is not the digest of a submission
      it is sha256: and 64 digits",
    ]
  `)
})
