import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CliResult, harness } from './cli.ts'

const SHARDS = 8
const IMAGES = Array.from({ length: 20 }, (_, index) => `debian-${index}`)
const FACTS = ['first-boot', 'after-reboot'].map((phase) => ({
  command: `sh.* -s ${phase}`,
  stdout: `%harness-facts 1 ${phase}\n%end\n`,
}))

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'harness-shards-'))
  const matrix = {
    axes: { platform: ['fake'], image: IMAGES },
    agent: { source: 'none' },
    suites: [],
    platforms: { fake: { options: { images: IMAGES, answers: FACTS } } },
  }
  writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify(matrix))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (...args: string[]): Promise<CliResult> =>
  harness(args, { cwd: folder, env: { HARNESS_STATE_DIR: join(folder, 'state') } })

it('eight processes work on one plan, and merging their parts gives one run, whatever the order', async () => {
  const shards = Array.from({ length: SHARDS }, (_, index) => index + 1)
  const ends = await Promise.all(
    shards.map((index) =>
      run('run', '--shard', `${index}/${SHARDS}`, '--reports-dir', `shard-${index}`, '--blob', `blobs/${index}.blob`),
    ),
  )
  expect(ends.map(({ code }) => code)).toEqual(shards.map(() => 0))
  const dirs = shards.map((index) => join(`shard-${index}`, readdirSync(join(folder, `shard-${index}`))[0] ?? ''))
  const blobs = shards.map((index) => `blobs/${index}.blob`)
  const mixed = shards.map((index) => (index % 2 === 0 ? dirs[index - 1] : blobs[index - 1]) ?? '')
  const merged = []
  for (const [index, parts] of [dirs, [...blobs].reverse(), mixed].entries()) {
    const { code, stdout, stderr } = await run('merge', ...parts, '--reports-dir', `merged-${index}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('all 20 cells passed')
    const [runId = ''] = readdirSync(join(folder, `merged-${index}`))
    merged.push(
      ['events.jsonl', 'index.html', 'junit.xml', 'summary.md'].map((name) =>
        readFileSync(join(folder, `merged-${index}`, runId, name), 'utf8'),
      ),
    )
  }
  expect(merged[1]).toEqual(merged[0])
  expect(merged[2]).toEqual(merged[0])

  const lacking = await run('merge', ...blobs.toSpliced(4, 1), '--reports-dir', 'lacking')
  expect(lacking.code).toBe(3)
  expect(lacking.stdout).toContain('shard 5 of 8 is missing')
  const other = await run('run', '--shard', '1/8', '--reports-dir', 'other', '--test-attempts', '3')
  expect(other.code).toBe(0)
  const mixedPlans = await run('merge', ...dirs.slice(1), join('other', readdirSync(join(folder, 'other'))[0] ?? ''))
  expect(mixedPlans.code).toBe(2)
  expect(mixedPlans.stderr).toContain('are parts of different plans')
})

it('a shard is named in full', async () => {
  expect((await run('run', '--shard', '9/8')).stderr).toBe(
    'harness: --shard cannot be "9/8"\n  write INDEX/COUNT, for example 2/8; the first is 1\n',
  )
  expect((await run('run', '--shard-times', 'x.json')).stderr).toBe('harness: --shard-times needs --shard\n')
})
