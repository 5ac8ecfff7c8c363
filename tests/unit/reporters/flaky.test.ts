import { expect, test } from 'vitest'
import { resultsOf } from '../../../src/reporters/allure/result.ts'
import { runSummary } from '../../../src/reporters/console/run-summary.ts'
import { githubAnnotations } from '../../../src/reporters/github.ts'
import { htmlReport } from '../../../src/reporters/html/page.ts'
import { junitXml } from '../../../src/reporters/junit.ts'
import { markdownSummary } from '../../../src/reporters/markdown.ts'
import type { Gate, RunEvent } from '../../../src/results/event.ts'
import { foldEvents, type RunModel } from '../../../src/results/run-model.ts'
import { countCells, countChecks, countedChecks } from '../../../src/results/summary.ts'
import { cellOf, record } from '../../fixtures/events/recording.ts'

const at = '2026-08-22T10:15:00.000Z'
const waived = { reason: 'known', tracker: 'https://bugs.example/1', until: '2026-12-01' }

/** A cell whose check failed on the first machine and passed on the second, and one whose first boot failed. */
function flakyRun(gate?: Gate): RunModel {
  const [checks, boot] = [cellOf('debian-13', 'none'), cellOf('debian-12', 'none')]
  const made = record({ id: 'net-up', title: 'the network is up' })
  const failure = { message: 'no <b>route</b>' }
  const of = (cell: { id: string }, attempt: number) => ({ at, cell: cell.id, attempt })
  const events: RunEvent[] = [
    {
      type: 'run-started',
      at,
      version: 1,
      runId: 'r',
      harness: '1',
      argv: [],
      host: {},
      cells: [checks, boot],
      excluded: [],
      ...(gate ? { gate } : {}),
    },
    { type: 'cell-started', ...of(checks, 1) },
    { type: 'check-ended', ...of(checks, 1), record: { ...made, status: 'fail', errors: [failure] } },
    { type: 'check-ended', ...of(checks, 1), record: record({ id: 'waived', title: 'it holds', waived }) },
    { type: 'cell-ended', ...of(checks, 1), status: 'fail', durationMs: 1, boots: 1, next: 'tests' },
    { type: 'cell-started', ...of(checks, 2), again: 'tests', keeps: true },
    {
      type: 'check-ended',
      ...of(checks, 2),
      record: { ...made, flaky: true, earlier: [{ attempt: 1, status: 'fail', errors: [failure] }] },
    },
    { type: 'cell-ended', ...of(checks, 2), status: 'pass', durationMs: 1, boots: 1, flaky: true },
    { type: 'cell-started', ...of(boot, 1) },
    {
      type: 'cell-ended',
      ...of(boot, 1),
      status: 'fail',
      reason: 'the kernel panicked',
      durationMs: 1,
      boots: 1,
      next: 'tests',
    },
    { type: 'cell-started', ...of(boot, 2), again: 'tests', keeps: true },
    { type: 'cell-ended', ...of(boot, 2), status: 'pass', durationMs: 1, boots: 1, flaky: true },
    { type: 'run-ended', at, status: 'pass', exitCode: gate ? 1 : 0, durationMs: 4 },
  ]
  return foldEvents(events)
}

test('flaky is counted', () => {
  const run = flakyRun()
  expect(countCells(run)).toMatchObject({ pass: 2, flaky: 2 })
  const [cell] = run.cells
  expect(cell && countChecks(countedChecks(cell))).toMatchObject({ pass: 2, total: 2, flaky: 1 })
})

test('the end of a run on a terminal names what is flaky, and whether it blocks', () => {
  expect(runSummary(flakyRun({ flaky: 'block' }), [])).toMatchInlineSnapshot(`
    "✔ lxd/debian-13/default/container              pass                   2 passed, 1 flaky
    ✔ lxd/debian-12/default/container              pass                   flaky

    flaky: failed, and passed when judged again on a fresh machine
      lxd/debian-13/default/container
        net-up: attempt 1 ended as fail: no <b>route</b>
      lxd/debian-12/default/container: attempt 1 ended as fail: the kernel panicked

    ✘ all 2 cells passed; 2 flaky, which this run does not allow in 0.0 s"
  `)
  expect(runSummary(flakyRun(), [])).toContain('✔ all 2 cells passed; 2 flaky in')
})

test('the comment of a pull request has a section for it, and one for waivers', () => {
  const text = markdownSummary(flakyRun())
  expect(text.slice(text.indexOf('### Flaky'))).toMatchInlineSnapshot(`
    "### Flaky: failed, and passed when judged again on a fresh machine

    - \`lxd/debian-13/default/container\` \`net-up\`: attempt 1 ended as fail: no &lt;b\\&gt;route&lt;/b\\&gt;
    - \`lxd/debian-12/default/container\`: attempt 1 ended as fail: the kernel panicked

    ### Waivers

    - \`lxd/debian-13/default/container\` \`waived\`: passes here although it is waived until 2026-12-01 \\(https&#8203;://bugs.example/1\\)
    "
  `)
})

test('the page marks cells and checks, and shows how they failed before', () => {
  const page = htmlReport(flakyRun())
  expect(page.match(/<span aria-hidden="true">⚡<\/span> flaky/g)).toHaveLength(3)
  expect(page).toContain('attempt 1: fail: no &lt;b&gt;route&lt;/b&gt;')
  expect(page).toContain('data-status="flaky"')
  expect(page).toContain('Attempt 1 ended as fail: the kernel panicked')
  expect(page).toContain('passes here although it is waived until 2026-12-01')
})

test('JUnit says it in properties of case and suite', () => {
  const xml = junitXml(flakyRun())
  expect(xml.match(/<property name="flaky" value="true"\/>/g)).toHaveLength(3)
  expect(xml).toContain('<property name="attempt:1" value="fail: no &lt;b&gt;route&lt;/b&gt;"/>')
  expect(xml).toContain('<property name="attempts" value="2"/>')
  expect(xml).toContain('failures="0" errors="0"')
})

test('Allure gets the mark it knows, with the reason', () => {
  const run = flakyRun()
  const results = run.cells.flatMap((cell) => resultsOf(run, cell)).filter(({ statusDetails }) => statusDetails.flaky)
  expect(results.map(({ fullName, status, statusDetails }) => [fullName, status, statusDetails.message])).toEqual([
    ['policy: net-up', 'passed', 'flaky: attempt 1 ended as fail: no <b>route</b>'],
    ['cell: cell', 'passed', 'attempt 1 ended as fail: the kernel panicked'],
  ])
})

test('a workflow page gets a warning for each flaky cell', () => {
  expect(githubAnnotations(flakyRun())).toEqual([
    expect.stringMatching(
      /^::warning title=lxd\/debian-13.*flaky%3A net-up::attempt 1 ended as fail: no <b>route<\/b>$/,
    ),
    expect.stringMatching(/^::warning title=lxd\/debian-12.*flaky::attempt 1 ended as fail: the kernel panicked$/),
  ])
})
