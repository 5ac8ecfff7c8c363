import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeAllureResults } from '../../../src/reporters/allure/write.ts'
import { finalSummary } from '../../../src/reporters/console/final-summary.ts'
import { githubAnnotations } from '../../../src/reporters/github.ts'
import { htmlReport, indexPage } from '../../../src/reporters/html/page.ts'
import { junitXml } from '../../../src/reporters/junit.ts'
import { markdownSummary } from '../../../src/reporters/markdown.ts'
import { rerunCommand } from '../../../src/reporters/wording.ts'
import type { NotSelectedCell } from '../../../src/results/not-selected.ts'
import type { RunModel } from '../../../src/results/run-model.ts'
import { sampleRun } from './sample.ts'

/** A run with two cells that were not selected, one of them with a hostile rule name, and a price. */
async function narrowed(more: NotSelectedCell[] = []): Promise<RunModel> {
  const run = await sampleRun('passing')
  const [cell] = run.cells
  if (!cell) throw new Error('no cell')
  cell.usage = { machines: 2, seconds: 84.5, usd: 0.0213, basis: 'price of us-east-1 of 2026-11-22' }
  cell.summary = { ...cell.summary, tier: 'smoke' }
  const last = { status: 'fail', at: '2026-11-20T03:00:00.000Z', runId: '20261120-030000-abcd' } as const
  run.notSelected = [
    { cell: { ...cell.summary, id: 'ec2/debian-13/t3.micro/uefi' }, by: 'change rule network', last },
    { cell: { ...cell.summary, id: 'gce/debian-13/e2-micro/uefi' }, by: '<b>rule</b> | x' },
    ...more,
  ]
  return run
}
const plain = (_: string, text: string) => text

test('the console tells each cell, or where there are many each rule', async () => {
  const few = finalSummary(await narrowed(), { width: 120, paint: plain })
  expect(few.join('\n')).toContain(
    'ec2/debian-13/t3.micro/uefi: not selected, by change rule network; last known: fail on 2026-11-20 in run 20261120-030000-abcd',
  )
  expect(few.join('\n')).toContain(
    'gce/debian-13/e2-micro/uefi: not selected, by <b>rule</b> | x; no earlier result is known',
  )
  const run = await narrowed()
  const [one] = run.notSelected
  if (!one) throw new Error('nothing')
  run.notSelected = Array.from({ length: 300 }, () => one)
  const many = finalSummary(run, { width: 120, paint: plain }).join('\n')
  expect(many).toContain(
    '300 cells: not selected, by change rule network; last known: 0 passed, 300 did not, 0 without a result',
  )
  expect(many).toMatch(/; 300 not selected in .*, about \$0\.021 \(an estimate\)/)
})

test('HTML has a table of them, the cost of each cell, and escapes what a rule is called', async () => {
  for (const page of [htmlReport(await narrowed()), indexPage(await narrowed())]) {
    expect(page).toContain('Not selected: 2')
    expect(page).toContain('2026-11-20, run 20261120-030000-abcd')
    expect(page).toContain('&lt;b&gt;rule&lt;/b&gt;')
    expect(page).not.toContain('<b>rule</b>')
    expect(page).toContain('cost (estimate)')
    expect(page).toContain('≈ $0.021')
  }
})

test('HTML folds many of them', async () => {
  const run = await narrowed()
  const [one] = run.notSelected
  if (!one) throw new Error('nothing')
  run.notSelected = Array.from({ length: 101 }, () => one)
  expect(htmlReport(run)).toContain('<summary>101 cells with their last known results</summary>')
  run.notSelected.pop()
  expect(htmlReport(run)).not.toContain('last known results</summary>')
})

test('Markdown has them to unfold, escaped', async () => {
  const text = markdownSummary(await narrowed())
  expect(text).toContain('<details><summary>2 not selected</summary>')
  expect(text).toContain('| `ec2/debian-13/t3.micro/uefi` | change rule network | ')
  expect(text).not.toContain('<b>rule</b>')
  expect(text).toContain('| cost (estimate) |')
  expect(text).toMatch(/≈ \$0\.021/)
})

test('JUnit counts them as skipped, and has the cost as properties', async () => {
  const before = junitXml(await sampleRun('passing'))
  const xml = junitXml(await narrowed())
  const count = (text: string, what: string) => Number(new RegExp(`<testsuites [^>]*${what}="(\\d+)"`).exec(text)?.[1])
  expect(count(xml, 'tests')).toBe(count(before, 'tests') + 2)
  expect(count(xml, 'skipped')).toBe(count(before, 'skipped') + 2)
  expect(count(xml, 'failures')).toBe(count(before, 'failures'))
  expect(xml).toContain('<skipped message="not selected, by &lt;b&gt;rule&lt;/b&gt; | x; no earlier result is known"/>')
  expect(xml).toContain('<property name="cost-usd-estimate" value="0.0213"/>')
  expect(xml).toContain('<property name="machine-seconds" value="84.5"/>')
  expect(xml).toContain('<property name="tier" value="smoke"/>')
})

test('Allure has them as skipped tests, and the cost as a label', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'not-selected-'))
  await writeAllureResults(await narrowed(), folder)
  const results = readdirSync(join(folder, 'allure-results'))
    .filter((name) => name.endsWith('-result.json'))
    .map(
      (name) =>
        JSON.parse(readFileSync(join(folder, 'allure-results', name), 'utf8')) as {
          status: string
          statusDetails: { message?: string }
          labels: { name: string; value: string }[]
        },
    )
  const environment = readFileSync(join(folder, 'allure-results', 'environment.properties'), 'utf8')
  rmSync(folder, { recursive: true, force: true })
  const left = results.filter(({ statusDetails }) => statusDetails.message?.startsWith('not selected'))
  expect(left.map(({ status }) => status)).toEqual(['skipped', 'skipped'])
  expect(
    results.some(({ labels }) => labels.some(({ name, value }) => name === 'cost_usd_estimate' && value === '0.0213')),
  ).toBe(true)
  expect(environment).toContain('cost=about $0.021 (an estimate)')
})

test('GitHub gets a notice for each rule', async () => {
  expect(githubAnnotations(await narrowed()).filter((line) => line.startsWith('::notice'))).toEqual([
    '::notice title=not selected::1 cell of the matrix did not run, by change rule network',
    '::notice title=not selected::1 cell of the matrix did not run, by <b>rule</b> | x',
  ])
})

test('where no price is known nothing is said of cost', async () => {
  const run = await sampleRun('passing')
  const all = [
    htmlReport(run),
    markdownSummary(run),
    junitXml(run),
    finalSummary(run, { width: 120, paint: plain }).join('\n'),
  ]
  for (const text of all) expect(text).not.toMatch(/cost|≈ \$|an estimate/)
})

test('a cell is run again by name, not by what selected it', async () => {
  const [cell] = (await narrowed()).cells
  if (!cell) throw new Error('no cell')
  const argv = [
    'harness',
    'run',
    '--tier',
    'full',
    '--changed-since',
    'main',
    '--repo',
    '../x',
    '--share',
    '1/7',
    '--budget-usd',
    '5',
    '--day',
    '2026-11-22',
  ]
  expect(rerunCommand({ argv }, cell)).toBe(`harness run --tier full --filter ${cell.summary.id}`)
})
