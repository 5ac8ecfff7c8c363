import { expect, test } from 'vitest'
import { issueHistories } from '../../../src/known-issues/issue-history.ts'
import { compileIssue } from '../../../src/known-issues/issue-pattern.ts'
import type { KnownIssue } from '../../../src/known-issues/known-issue.ts'
import { logsOf, triageRun } from '../../../src/known-issues/triage-run.ts'
import type { RunModel } from '../../../src/results/run-model.ts'
import { sampleRun } from '../reporters/sample.ts'

const issue = (more: Partial<KnownIssue> = {}): KnownIssue => ({
  id: 'test:issue',
  version: 1,
  title: 'a title',
  culprit: 'image',
  contains: ['needle'],
  samples: { hit: ['x'], miss: ['y'] },
  ...more,
})
const nothing = () => undefined

async function failingRun(): Promise<RunModel> {
  return sampleRun('failing')
}

test('failures that no issue explains are told, each with its check', async () => {
  const run = await failingRun()
  const { unmatched, incidents } = await triageRun(run, [], nothing)
  expect(incidents).toEqual([])
  expect(unmatched.length).toBeGreaterThan(2)
  expect(unmatched.every(({ text, cell }) => text !== '' && cell.startsWith('lxd/'))).toBe(true)
})

test('an issue explains the failures whose text has it, where it applies', async () => {
  const run = await failingRun()
  const [first] = (await triageRun(run, [], nothing)).unmatched
  const word = /[A-Za-z-]{6,}/.exec(first?.text ?? '')?.[0] ?? ''
  const pattern = compileIssue(issue({ contains: [word] }))
  const { incidents, unmatched } = await triageRun(run, [pattern], nothing)
  const [incident] = incidents.filter(({ present }) => present)
  expect(incident).toMatchObject({ issue: 'test:issue', version: 1, check: first?.check })
  expect(unmatched).not.toContainEqual(first)
  const elsewhere = compileIssue(issue({ contains: [word], when: { platform: 'azure' } }))
  expect((await triageRun(run, [elsewhere], nothing)).incidents).toEqual([])
})

test('looking again makes no second incident; a new version makes its own', async () => {
  const run = await failingRun()
  const log = () =>
    (async function* () {
      yield 'a needle\n'
    })()
  const ids = async (version: number) =>
    (await triageRun(run, [compileIssue(issue({ version }))], log)).incidents.map(({ id }) => id)
  const first = await ids(1)
  expect(first.length).toBeGreaterThan(0)
  expect(new Set(first).size).toBe(first.length)
  expect(await ids(1)).toEqual(first)
  expect((await ids(2)).filter((id) => first.includes(id))).toEqual([])
})

test('an issue that was looked for and is not there is told as absent', async () => {
  const run = await failingRun()
  const log = () =>
    (async function* () {
      yield 'only hay\n'
    })()
  const { incidents } = await triageRun(run, [compileIssue(issue({ where: ['cloud-init.log'] }))], log)
  expect(incidents.length).toBeGreaterThan(0)
  expect(incidents.every(({ present }) => !present)).toBe(true)
})

test('the history of an issue says when it came and went', async () => {
  const at = (day: string, present: boolean, version = 1, cell = 'a') => ({
    id: day,
    issue: 'test:issue',
    version,
    cellRun: `run/${day}/${cell}`,
    cell,
    present,
    at: day,
  })
  const [history] = issueHistories(
    [issue()],
    [at('2026-05', false), at('2026-03', true), at('2026-01', false), at('2026-02', true), at('2026-01', true, 7)],
  )
  const [there] = issueHistories(
    [issue()],
    [at('2026-02', true), at('2026-03', false), at('2026-01', true, 1, 'b'), at('2026-04', false, 1, 'c')],
  )
  expect(there).not.toHaveProperty('goneSince')
  expect(history).toMatchObject({ firstSeen: '2026-02', lastSeen: '2026-03', goneSince: '2026-05', seen: 2, looked: 4 })
})

test('nothing outside the folder of a run is read', () => {
  const open = logsOf('/runs/one')
  for (const file of ['/etc/shadow', '../two/console.log', 'cells/../../x/console.log'])
    expect(open(file)).toBeUndefined()
  expect(open('cells/a/logs/console.log')).toBeDefined()
})
