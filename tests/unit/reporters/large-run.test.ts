import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeReports } from '../../../src/reporters/index.ts'
import type { CheckRecord } from '../../../src/results/check-record.ts'
import type { RunEvent } from '../../../src/results/event.ts'

const CELLS = 210
const CHECKS = 100
const at = '2026-11-22T02:17:00.000Z'
let dir = ''

/** Too many judgements for one page; the first cell has a failure with hostile text. */
function eventsOfLargeRun(): RunEvent[] {
  const cells = Array.from({ length: CELLS }, (_, index) => ({
    id: `fake/image-${index}/default/container`,
    platform: 'fake',
    image: `image-${index}`,
    distribution: 'debian',
    release: '13',
    instanceType: 'default',
    boot: 'container',
    agent: { name: 'cloud-init', source: 'none' },
    suites: ['policy'],
  }))
  const events: RunEvent[] = [
    { at, type: 'run-started', version: 1, runId: 'large', harness: '0', argv: [], host: {}, cells, excluded: [] },
  ]
  for (const [index, { id: cell }] of cells.entries()) {
    const of = { at, cell, attempt: 1 }
    events.push({ ...of, type: 'cell-started' })
    const file = `cells/${cell}/logs/console.log`
    events.push({ ...of, type: 'log-collected', file, title: 'console', bytes: 1, truncated: false })
    for (let number = 0; number < CHECKS; number++) {
      const bad = index === 0 && number === 0
      const record: CheckRecord = {
        id: `check-${number}`,
        suite: 'policy',
        title: `number ${number} holds`,
        severity: 'major',
        phase: 'first-boot',
        subject: 'image',
        baseline: false,
        status: bad ? 'fail' : 'pass',
        errors: bad ? [{ message: '<script>alert(1)</script> "quoted" href="cells/x"' }] : [],
        durationMs: 1,
      }
      events.push({ ...of, type: 'check-ended', record })
    }
    events.push({ ...of, type: 'cell-ended', status: index === 0 ? 'fail' : 'pass', durationMs: 1000, boots: 2 })
  }
  events.push({ at, type: 'run-ended', status: 'fail', exitCode: 1, durationMs: 1000 })
  return events
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'large-run-'))
  const lines = eventsOfLargeRun().map((event) => JSON.stringify(event))
  writeFileSync(join(dir, 'events.jsonl'), `${lines.join('\n')}\n{"half a line`)
  const { unreadable } = await writeReports(dir)
  expect(unreadable).toBe(1)
}, 60_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('has a page for each cell, and one that leads to all of them', () => {
  const index = readFileSync(join(dir, 'index.html'), 'utf8')
  const links = new Set([...index.matchAll(/href="(cell-pages\/\d+\.html)"/g)].map(([, link]) => link))
  expect(links.size).toBe(CELLS)
  expect(readdirSync(join(dir, 'cell-pages'))).toHaveLength(CELLS)
  expect(index).toContain('209 cells that passed')
  expect(index).toContain(`In 1 of ${CELLS} cells:`)
  expect(index).toContain(`${CELLS * CHECKS} judgements`)
})

test('the page of a cell leads to its logs and back, and escapes what a guest said', () => {
  const page = readFileSync(join(dir, 'cell-pages/1.html'), 'utf8')
  expect(page).toContain('href="../cells/fake/image-0/default/container/logs/console.log"')
  expect(page).toContain('href="../index.html"')
  expect(page).toContain(`All ${CHECKS} judgements`)
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &quot;quoted&quot; href=&quot;cells/x&quot;')
  expect(page).not.toContain('<script>alert')
})

test('JUnit counts every judgement; Allure gets the cells and the problems', () => {
  const junit = readFileSync(join(dir, 'junit.xml'), 'utf8')
  expect(junit).toContain(`<testsuites name="harness" tests="${CELLS * CHECKS}" failures="1" errors="0" skipped="0"`)
  const results = readdirSync(join(dir, 'allure-results')).filter((name) => name.endsWith('-result.json'))
  expect(results).toHaveLength(CELLS + 1)
  const environment = readFileSync(join(dir, 'allure-results/environment.properties'), 'utf8')
  expect(environment).toContain('left out = judgements without a problem')
})

test('made again as a small run, it is one page', async () => {
  const [first = '', ...rest] = readFileSync(join(dir, 'events.jsonl'), 'utf8').split('\n')
  const small = rest.filter((line) => /image-[01]\//.test(line) || line.includes('run-ended'))
  writeFileSync(join(dir, 'events.jsonl'), `${[first, ...small].join('\n')}\n`)
  await writeReports(dir)
  expect(readdirSync(dir)).not.toContain('cell-pages')
  expect(readFileSync(join(dir, 'index.html'), 'utf8')).toContain('id="cell-1"')
})
