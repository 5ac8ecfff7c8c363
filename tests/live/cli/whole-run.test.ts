import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlatform } from '../../../src/index.ts'
import type { CheckRecord } from '../../../src/results/check-record.ts'
import type { RunEvent } from '../../../src/results/event.ts'
import { harness, ROOT } from '../../e2e/cli.ts'
import { whyNoLxd } from '../lxd/open-lxd.ts'

const skip = await whyNoLxd()

describe.skipIf(skip)(`the command line on LXD${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let folder: string
  let env: Record<string, string>
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'harness-live-'))
    // Not the common folder: what processes leave there that other tests have killed is swept by whoever comes first.
    env = { HARNESS_STATE_DIR: join(folder, 'state'), TMPDIR: join(folder, 'tmp') }
    mkdirSync(join(folder, 'tmp'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (...args: string[]) => harness(args, { cwd: folder, env })

  it('tests an image by checks of a user, reports, and leaves nothing', async () => {
    const { code, stdout } = await run(
      ...['run', '--matrix', join(ROOT, 'matrix.yaml'), '--image', 'debian-13', '--agent-source', 'none'],
      ...['--suite', 'regression', '--suite', 'policy', '--checks', join(ROOT, 'examples/checks')],
    )
    const [runId = ''] = /\d{8}-\d{6}-\w+/.exec(stdout) ?? []
    const dir = join(folder, 'reports', runId)
    const events = readFileSync(join(dir, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent)
    const records = events.flatMap((event): CheckRecord[] => (event.type === 'check-ended' ? [event.record] : []))
    const bad = records.filter((record) => !['pass', 'skip', 'done'].includes(record.status))
    expect(bad.map(({ id, errors, reason }) => ({ id, errors, reason }))).toEqual([])
    const mine = records.filter((record) => /^(company|example)-/.test(record.id) && !record.baseline)
    expect(mine.map(({ id, status }) => `${id} ${status}`).sort()).toEqual([
      'company-no-telnet pass',
      'company-time-is-kept pass',
      'example-tmp-is-sticky pass',
    ])
    expect(code).toBe(0)
    for (const file of ['index.html', 'junit.xml', 'summary.md', 'allure-results']) {
      expect(existsSync(join(dir, file)), file).toBe(true)
    }
    const facts = join(dir, 'cells/lxd/debian-13/default/container/facts/image-first-boot.json')
    expect((await run('check', facts)).code).toBe(0)
    expect((await run('list', 'runs', '--json')).stdout).toContain(runId)
    expect((await run('sweep', '--run', runId)).stdout).toBe('nothing was left behind\n')
  }, 600_000)

  it('gives a command a fresh instance, and its exit code back', async () => {
    const { code, stdout, stderr } = await run(
      'shell',
      'debian-13',
      '--',
      'sh',
      '-c',
      'id -u; . /etc/os-release; echo $VERSION_ID; exit 7',
    )
    expect({ code, stdout }, stderr).toEqual({ code: 7, stdout: '0\n13\n' })
    expect((await run('sweep')).stdout).toBe('nothing was left behind\n')
  }, 300_000)

  it('gives a person a prompt that knows the size of the terminal', async () => {
    await using session = await openPlatform('lxd', {})
    const { id } = await session.resolveImage('debian-13')
    await using instance = await session.launch({ image: id })
    await instance.waitUntilReachable()
    const input = new PassThrough()
    const output = new PassThrough()
    let size = { columns: 81, rows: 25 }
    let resized = () => {}
    let seen = ''
    const typed = ['echo answer $((6 * 7)); tty; stty size\n', 'stty size; exit 5\n']
    output.setEncoding('utf8').on('data', (text: string) => {
      seen += text
      if (!/root@\S+:~# ?$/.test(seen)) return
      if (typed.length === 1) {
        size = { columns: 120, rows: 40 }
        resized()
      }
      input.write(typed.shift() ?? '')
    })
    const code = await instance.machine.terminal?.({
      input,
      output,
      term: 'dumb',
      size: () => size,
      onResize(callback) {
        resized = callback
        return { [Symbol.dispose]: () => (resized = () => {}) }
      },
    })
    expect(seen).toMatch(/answer 42\r\n\/dev\/pts\/\d+\r\n25 81\r\n[^]*40 120\r\n/)
    expect(code).toBe(5)
  }, 300_000)
})
