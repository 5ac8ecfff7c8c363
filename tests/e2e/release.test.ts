import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../../src/publish/digest.ts'
import { harness } from './cli.ts'

const IMAGE = 'the bytes of an image'
let dir = ''
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'release-e2e-'))))
afterAll(async () => await rm(dir, { recursive: true, force: true }))

/** A recorded run whose events tell which image each cell had. */
async function recordedRun(name: 'passing' | 'failing'): Promise<string> {
  const text = await readFile(new URL(`../fixtures/events/${name}.jsonl`, import.meta.url), 'utf8')
  const lines = text.split('\n').flatMap((line) => {
    if (!line.includes('"type":"cell-started"')) return [line]
    const { at, cell, attempt } = JSON.parse(line) as { at: string; cell: string; attempt: number }
    const release = cell.split('/')[1] ?? ''
    const image = {
      id: 'f00',
      digest: digestOf(release === 'debian-13' ? IMAGE : release),
      distribution: 'debian',
      release,
      architecture: 'x86_64',
      variant: 'default',
      description: release,
      build: '20260822',
    }
    return [line, JSON.stringify({ type: 'image-found', at, cell, attempt, image })]
  })
  const folder = join(dir, name)
  await mkdir(folder)
  await writeFile(join(folder, 'events.jsonl'), lines.join('\n'))
  return folder
}

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await harness(args, { cwd: dir })
  expect([args.slice(0, 2), code, stderr.includes('harness:') ? stderr : '']).toEqual([args.slice(0, 2), 0, ''])
  return stdout
}

test('from a run to a released image: publish, decide, approve, release, and pages that tell', async () => {
  const run = await recordedRun('passing')
  await ok('archive', 'init', 'archive', '--owner', 'me', '--key', 'me.pem')
  await ok('publish', run, '--to', 'archive', '--key', 'me.pem')
  await writeFile(join(dir, 'debian.qcow2'), IMAGE)
  await writeFile(
    join(dir, 'policy.yaml'),
    'id: release\nimages: [debian-13]\nrequire:\n  - name: containers\n    cells: { platform: lxd }\n    waivers: any\n',
  )
  const gate = ['gate', 'debian-13', '--from', 'archive', '--policy', 'policy.yaml']
  const said = await harness([...gate, '--out', 'decision.json'], { cwd: dir })
  expect([said.code, said.stdout]).toEqual([0, expect.stringMatching(`^go: debian-13 ${digestOf(IMAGE)}`)])
  const publish = [
    'image',
    'publish',
    'debian.qcow2',
    '--to',
    'out',
    '--policy',
    'policy.yaml',
    '--decision',
    'decision.json',
  ]
  const without = await harness([...publish, '--approvers', 'archive/submitters'], { cwd: dir })
  expect([without.code, without.stderr]).toEqual([
    2,
    'harness: an image is not published without --approval\n  harness approve decision.json --key FILE --by NAME\n',
  ])
  await ok('approve', 'decision.json', '--key', 'me.pem', '--by', 'Ada Example', '--to', 'archive')
  const out = (await ok(...publish, '--approval', 'approval.dsse.json', '--approvers', 'archive/submitters')).trim()
  expect(await readdir(join(dir, out))).toContain('debian.qcow2')
  expect(await ok('gate', '--replay', 'decision.json', '--from', 'archive', '--policy', 'policy.yaml')).toMatch(
    /^the same decision: go, sha256:/,
  )
  await ok('gate', 'debian-13', '--from', 'archive', '--policy', 'policy.yaml', '--to', 'archive', '--key', 'me.pem')
  await ok('site', '--from', 'archive', '--out', 'pages', '--title', 'Ours')
  const page = await readFile(join(dir, 'pages/image', digestOf(IMAGE).replace(':', '-'), 'index.html'), 'utf8')
  expect(page).toContain('Ada Example')
  const decided = /decided go[\s\S]*?<code>release<\/code>[\s\S]*?title="(sha256:[0-9a-f]{64})"/.exec(page)?.[1] ?? ''
  expect(await ok('gate', '--replay', decided, '--from', 'archive')).toBe(`the same decision: go, ${decided}\n`)
  const other = await harness(['site', '--from', 'archive', '--out', 'archive'], { cwd: dir })
  expect([other.code, other.stderr]).toEqual([
    2,
    'harness: archive holds something else than a site\n  name another folder with --out\n',
  ])
})

test('a policy that asks for more than there is says what is missing, and nobody approves that', async () => {
  await writeFile(
    join(dir, 'strict.yaml'),
    "id: strict\nimages: ['debian-*']\nrequire:\n  - name: clouds\n    cells: { platform: [lxd, ec2] }\n    waivers: any\n",
  )
  const args = ['gate', 'debian-13', '--from', 'archive', '--policy', 'strict.yaml', '--out', 'no.json']
  const { code, stdout } = await harness(args, { cwd: dir })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^no-go: debian-13 .*\n.*1 missing\n\nmissing:\n {2}clouds: platform=ec2\n {4}no result\n/)
  const approved = await harness(['approve', 'no.json', '--key', 'me.pem', '--by', 'Ada'], { cwd: dir })
  expect([approved.code, approved.stderr.split('\n')[0]]).toEqual([
    2,
    'harness: the decision is a no-go: 0 unsatisfied, 1 missing',
  ])
})

test('a failure is excused for a while, by a name of somebody else, and no more when that is ended', async () => {
  const args = ['waive', 'reg-*', '--cells', 'lxd/*', '--images', 'debian-*', '--reason', 'known', '--to', 'archive']
  const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
  const waive = (...more: string[]) => harness([...args, ...more, '--key', 'me.pem'], { cwd: dir })
  expect((await waive('--until', '2031-01-01', '--tracker', 'https://bugs.example.org/1')).stderr).toContain(
    'harness: a waiver cannot last until 2031-01-01\n  write a day from',
  )
  expect((await waive('--until', until)).stderr).toBe(
    'harness: say where it is being worked on\n  --tracker https://bugs.example.org/1\n',
  )
  const { code, stdout } = await waive('--until', until, '--tracker', 'https://bugs.example.org/1')
  const id = /^waived until \S+ as (sha256:[0-9a-f]{64}), number \d+ of the log\n/.exec(stdout)?.[1] ?? ''
  expect([code, stdout]).toEqual([0, expect.stringContaining(`harness retract ${id} --reason TEXT --to archive`)])
  expect(await ok('retract', id, '--reason', 'fixed', '--to', 'archive', '--key', 'me.pem')).toContain('is retracted')
})

test('known issues are proven, and old runs are looked through', async () => {
  const run = await recordedRun('failing')
  expect((await harness(['issues', 'check'])).stdout).toMatch(/^\d+ known issues in known-issues: every sample/)
  const { code, stdout } = await harness(['issues', 'scan', run])
  expect(code).toBe(0)
  expect(stdout).toContain('6 kinds of failure that no known issue explains:')
  await mkdir(join(dir, 'issues'))
  await writeFile(
    join(dir, 'issues/locale.yaml'),
    "id: locale:module\nversion: 1\ntitle: the locale module fails\nculprit: image\ncontains: [Running module locale]\nsamples: {hit: ['Running module locale failed'], miss: [fine]}\n",
  )
  await ok('publish', run, '--to', 'archive', '--key', 'me.pem')
  const archived = await harness(['issues', 'scan', 'archive', '--issues', 'issues'], { cwd: dir })
  expect(archived.stdout).toMatch(/^looked through \d results for 1 known issue\n/)
  expect(archived.stdout).toMatch(/locale:module +v1 +1 of \d +2026-08-22 +2026-08-22/)
  const known = await harness(['issues', 'scan', run, '--issues', join(dir, 'issues')])
  expect(known.stdout).toMatch(/locale:module +v1 +1 of 3 +2026-08-22 +2026-08-22\n/)
  expect(known.stdout).toContain('5 kinds of failure that no known issue explains:')
})
