import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseEvents } from '../../src/results/read-events.ts'
import type { EventOf, RunEvent } from '../../src/results/event.ts'
import { waitUntil } from '../../src/core/wait-until.ts'
import { harness, ROOT } from './cli.ts'

let folder: string
let project: string

/** Facts of the fake without its little shell, which would take seconds. */
const FACTS = ['first-boot', 'after-reboot'].map((phase) => ({
  command: `sh.* -s ${phase}`,
  stdout: `%harness-facts 1 ${phase}\n%end\n`,
}))

const CHECKS = `
import { policy } from 'harness/testing'
for (const name of ['my-network', 'my-other']) {
  policy(name, {
    title: 'it is so', because: 'it must', source: 'here', severity: 'major', phase: 'first-boot',
  }, ({ expect }) => expect(1).toBe(1))
}
`

const RULES = `
project: mine
rules:
  - {name: documentation, paths: ['doc/**'], cells: none}
  - {name: network, paths: ['net/**'], cells: [{image: debian-13}], checks: ['my-net*']}
default: {cells: all, checks: ['my-*']}
`

function matrix(more: object = {}, options: object = {}): void {
  const text = {
    axes: { platform: ['fake'], image: ['debian-12', 'debian-13'] },
    agent: { source: 'none' },
    suites: ['policy'],
    checks: ['./checks.ts'],
    platforms: { fake: { options: { answers: FACTS, ...options } } },
    ...more,
  }
  writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify(text))
}

const git = (...args: string[]) =>
  execFileSync('git', ['-C', project, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    stdio: 'pipe',
  })

/** A branch of the project with one more file. */
function change(path: string): void {
  git('checkout', '-q', '-f', '-B', 'work', 'main')
  mkdirSync(join(project, path, '..'), { recursive: true })
  writeFileSync(join(project, path), 'changed')
  git('add', '-A')
  git('commit', '-q', '-m', 'change')
}

const run = (...args: string[]) =>
  harness(args, { cwd: folder, env: { HARNESS_STATE_DIR: join(folder, 'state'), GITHUB_ACTIONS: undefined } })
const since = () => ['--changed-since', 'main', '--repo', project, '--change-rules', join(folder, 'rules.yaml')]

function newest(): { dir: string; events: RunEvent[]; of: <T extends RunEvent['type']>(type: T) => EventOf<T>[] } {
  const name = readdirSync(join(folder, 'reports')).sort().at(-1) ?? ''
  const dir = join(folder, 'reports', name)
  const { events } = parseEvents(readFileSync(join(dir, 'events.jsonl'), 'utf8'), 'events.jsonl')
  return { dir, events, of: (type) => events.filter((event): event is EventOf<typeof type> => event.type === type) }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'harness-selection-'))
  project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(folder, 'checks.ts'), CHECKS)
  writeFileSync(join(folder, 'rules.yaml'), RULES)
  git('init', '-q', '-b', 'main')
  writeFileSync(join(project, 'README'), 'x')
  git('add', '.')
  git('commit', '-q', '-m', 'first')
  matrix()
  // What later runs know as the last result.
  expect((await run('run', '--suite', 'none')).code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a change runs what it concerns, and every report tells what was not selected, by which rule, with the last known result', async () => {
  change('net/eni.py')
  const { code, stdout, stderr } = await run('run', ...since())
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining('1 changed path in') as string,
  })
  expect(stderr).toContain('  rule network: net/eni.py: 1 cell')
  expect(stdout).toMatch(
    /fake\/debian-12\/default\/container: not selected, by change rule network; last known: pass on \d/,
  )
  expect(stdout).toContain('the cell passed; 1 not selected')

  const { dir, of } = newest()
  expect(of('run-started')[0]?.cells.map(({ id }) => id)).toEqual(['fake/debian-13/default/container'])
  expect(of('run-started')[0]?.notSelected).toMatchObject([
    { cell: { id: 'fake/debian-12/default/container' }, by: 'change rule network', last: { status: 'pass' } },
  ])
  const records = of('check-ended').map(({ record }) => record)
  expect(records.filter(({ status }) => status === 'pass').map(({ id }) => id)).toContain('my-network')
  expect(records.find(({ id }) => id === 'my-other')).toMatchObject({
    status: 'skip',
    reason: 'not selected, by change rule network; no earlier result is known',
    notSelected: { by: 'change rule network' },
  })
  const said = 'not selected, by change rule network; last known: pass'
  expect(readFileSync(join(dir, 'junit.xml'), 'utf8')).toContain(`<skipped message="${said}`)
  expect(readFileSync(join(dir, 'summary.md'), 'utf8')).toContain('<summary>1 not selected</summary>')
  const page = readFileSync(join(dir, 'index.html'), 'utf8')
  expect(page).toContain('Not selected: 1')
  expect(page).toContain('change rule network')
  const allure = readdirSync(join(dir, 'allure-results'))
    .filter((name) => name.endsWith('-result.json'))
    .map((name) => readFileSync(join(dir, 'allure-results', name), 'utf8'))
  expect(allure.filter((text) => text.includes(said))).toHaveLength(1)
  const json = JSON.parse((await run('report', '--json')).stdout) as { notSelected: unknown[] }
  expect(json.notSelected).toHaveLength(1)
})

test('plan says the same before anything runs, and knows the last result of a check', async () => {
  change('net/eni.py')
  const { stdout, code } = await run('plan', ...since())
  expect(code).toBe(0)
  expect(stdout).toContain('rule network: net/eni.py: 1 cell')
  expect(stdout).toMatch(
    /Not selected:\n {2}fake\/debian-12\/default\/container +change rule network +last known: pass on/,
  )
  const json = JSON.parse((await run('plan', '--json', ...since())).stdout) as {
    cells: { id: string }[]
    notSelected: { by: string }[]
  }
  expect(json.cells.map(({ id }) => id)).toEqual(['fake/debian-13/default/container'])
  expect(json.notSelected).toHaveLength(1)
})

test('documentation alone runs nothing, and that is no failure', async () => {
  change('doc/index.rst')
  const { code, stdout } = await run('run', ...since())
  expect({ code, verdict: /no cell was run; 2 not selected/.test(stdout) }).toEqual({ code: 0, verdict: true })
  expect(newest().of('run-ended')).toMatchObject([{ status: 'skip', exitCode: 0 }])
})

test('the share of the day runs in addition to what changed', async () => {
  change('doc/index.rst')
  const days = await Promise.all(
    ['2026-11-21', '2026-11-22'].map(async (day) => {
      const { stdout } = await run('plan', '--json', '--share', '1/2', '--day', day, ...since())
      return (JSON.parse(stdout) as { cells: { id: string }[] }).cells.map(({ id }) => id)
    }),
  )
  expect(days.flat().sort()).toEqual(['fake/debian-12/default/container', 'fake/debian-13/default/container'])
})

test('a budget cuts the plan, says what is not bought, and the cost of a cell is in every report', async () => {
  matrix({ prices: { fake: { 'usd-per-hour': { '*': 3.6 }, minimum: '1 hour' } } })
  const { code, stdout, stderr } = await run('run', '--suite', 'none', '--budget-usd', '3.60')
  expect(code).toBe(0)
  expect(stderr).toContain('The budget of $3.60 buys 1 of 2 cells, for about $3.60 (an estimate).')
  expect(stderr).toContain('Not bought: 1 value: image=debian-13')
  expect(stdout).toContain('fake/debian-13/default/container: not selected, by budget of $3.60; last known: pass')
  expect(stdout).toContain('about $3.60 (an estimate)')
  const { dir, of } = newest()
  expect(of('cell-ended')[0]?.usage).toMatchObject({ machines: 1, usd: 3.6, basis: 'the matrix' })
  expect(readFileSync(join(dir, 'junit.xml'), 'utf8')).toContain('<property name="cost-usd-estimate" value="3.6"/>')
  expect(readFileSync(join(dir, 'summary.md'), 'utf8')).toContain('| cost (estimate) |')
  expect(readFileSync(join(dir, 'index.html'), 'utf8')).toContain('≈ $3.60')
  const allure = readdirSync(join(dir, 'allure-results')).map((name) =>
    readFileSync(join(dir, 'allure-results', name), 'utf8'),
  )
  expect(allure.some((text) => text.includes('"cost_usd_estimate","value":"3.6"'))).toBe(true)
  const json = JSON.parse((await run('report', '--json')).stdout) as { cells: { usage: { usd: number } }[] }
  expect(json.cells[0]?.usage.usd).toBe(3.6)

  // What was measured is what the next plan expects.
  const plan = JSON.parse((await run('plan', '--json')).stdout) as {
    cells: { id: string; expected: { measured: boolean; usd: number } }[]
  }
  expect(plan.cells[0]?.expected).toMatchObject({ measured: true, usd: 3.6 })
})

test('the budget of the day is a hard stop: the cell is not judged, and the exit code says so', async () => {
  matrix({ prices: { fake: { 'usd-per-hour': { '*': 3.6 }, minimum: '1 hour' } }, budget: { 'day-usd': 7.2 } })
  // The run before spent 3.60 of it.
  const { code, stdout } = await run('run', '--suite', 'none', '-j', '2')
  expect(code).toBe(3)
  expect(stdout).toMatch(
    /the budget of the day \d{4}-\d{2}-\d{2} is used up: about \$7\.20 of \$7\.20 is spent or set aside/,
  )
  expect(
    newest()
      .of('cell-ended')
      .map(({ status }) => status)
      .sort(),
  ).toEqual(['miss', 'pass'])
  const { stdout: spent } = await run('list', 'spending')
  expect(spent).toMatch(/fake +2 +\$7\.20/)
})

test('a tier can be told, and other instance types of a family get smoke only', async () => {
  matrix({ axes: { platform: ['fake'], image: ['debian-13'], 'instance-type': ['t3.micro', 't3.large'] } })
  const tiers = async (...args: string[]) =>
    (JSON.parse((await run('plan', '--json', ...args)).stdout) as { cells: { tier: string }[] }).cells.map(
      ({ tier }) => tier,
    )
  expect(await tiers()).toEqual(['full', 'smoke'])
  expect(await tiers('--filter', 't3.large')).toEqual(['smoke'])
  expect(await tiers('--tier', 'standard')).toEqual(['standard', 'standard'])
})

test('two runs at once share a quota, and a throttling platform fails no cell', async () => {
  matrix(
    { limits: { fake: { machines: 1 } } },
    { faults: [{ at: 'launch', kind: 'throttled', times: 1 }], bootMs: 300 },
  )
  const both = await Promise.all([run('run', '--suite', 'none', '-j', '2'), run('run', '--suite', 'none', '-j', '2')])
  expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ])
  expect(both.map(({ stdout }) => stdout.includes('is asked too often: all wait'))).toEqual([true, true])
  const names = readdirSync(join(folder, 'reports')).sort().slice(-2)
  const spans = names.flatMap((name) => {
    const text = readFileSync(join(folder, 'reports', name, 'events.jsonl'), 'utf8')
    const { events } = parseEvents(text, name)
    return events.flatMap((event) => {
      if (event.type === 'cell-started') return [{ at: event.at, change: 1 }]
      return event.type === 'cell-ended' ? [{ at: event.at, change: -1 }] : []
    })
  })
  // Of two events in one millisecond the end came first.
  spans.sort((a, b) => (a.at === b.at ? a.change - b.change : a.at < b.at ? -1 : 1))
  let running = 0
  expect(Math.max(...spans.map(({ change }) => (running += change)))).toBe(1)
  expect((await run('list', 'leases')).stdout.trim().split('\n')).toHaveLength(1)
})

test('units of a killed run stay taken until its machines are swept', async () => {
  matrix({ axes: { platform: ['fake'], image: ['debian-13'] }, limits: { fake: { machines: 1 } } }, { bootMs: 60_000 })
  const env = { ...process.env, HARNESS_STATE_DIR: join(folder, 'state'), NO_COLOR: '1' }
  const main = join(ROOT, 'src/cli/main.ts')
  const doomed = spawn(process.execPath, [main, 'run', '--suite', 'none', '--reports-dir', 'doomed'], {
    cwd: folder,
    env,
    stdio: 'ignore',
  })
  const gone = new Promise((resolve) => doomed.on('exit', resolve))
  await waitUntil({ what: 'the machine to be launched', deadlineMs: 60_000 }, async () => {
    const [name = ''] = existsSync(join(folder, 'doomed')) ? readdirSync(join(folder, 'doomed')) : []
    const file = join(folder, 'doomed', name, 'events.jsonl')
    const launched = existsSync(file) && readFileSync(file, 'utf8').includes('"step":"first-boot"')
    return launched ? { done: true, value: undefined } : { done: false, saw: 'not yet' }
  })
  doomed.kill('SIGKILL')
  await gone
  expect((await run('list', 'leases')).stdout).toContain('fake/default/machines')

  matrix({ axes: { platform: ['fake'], image: ['debian-13'] }, limits: { fake: { machines: 1 } } })
  const next = run('run', '--suite', 'none', '--reports-dir', 'next')
  await waitUntil({ what: 'the next run to wait', deadlineMs: 60_000 }, async () => {
    const [name = ''] = existsSync(join(folder, 'next')) ? readdirSync(join(folder, 'next')) : []
    const file = join(folder, 'next', name, 'events.jsonl')
    const waits = existsSync(file) && readFileSync(file, 'utf8').includes('waits for a quota')
    return waits ? { done: true, value: undefined } : { done: false, saw: 'not yet' }
  })
  expect((await run('sweep')).code).toBe(0)
  expect((await next).code).toBe(0)
})

test.each([
  [['--share', '8/7'], 'harness: --share cannot be "8/7"'],
  [['--budget-usd', 'much'], 'harness: --budget-usd cannot be "much"'],
  [['--repo', '.'], 'harness: --repo needs --changed-since'],
  [['--tier', 'smok'], 'harness: --tier cannot be "smok"'],
  [['--changed-since', 'nothing', '--repo', '.'], 'has no revision nothing'],
  [['--changed-since', 'main', '--repo', '/nowhere'], 'git cannot read /nowhere'],
])('a mistake is one line: %j', async (args, said) => {
  matrix()
  const where = args.includes('.') ? args.map((arg) => (arg === '.' ? project : arg)) : args
  const { code, stdout, stderr } = await run('plan', ...where)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(said)
})
