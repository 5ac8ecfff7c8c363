import { expect, test } from 'vitest'
import { parseIssue } from '../../../src/known-issues/load-issues.ts'
import { ArchiveTriages, resultsOfOpenIssues } from '../../../src/site/triage-archive.ts'
import { check, submission, testArchive, type TestArchive } from '../archive/test-archive.ts'

const ISSUE = parseIssue(
  `id: lxd:root
version: 1
title: root may log in
culprit: image
when: { platform: lxd }
contains: [ssh-root does not hold]
samples: { hit: ['ssh-root does not hold'], miss: [it holds] }
`,
  'root.yaml',
)

async function report(t: TestArchive, day: number, status: 'pass' | 'fail'): Promise<void> {
  t.clock.now += 60_000
  const startedAt = `2026-11-${day}T10:00:00.000Z`
  const cell = { status, startedAt, axes: {}, checks: [check('ssh-root', status)] }
  await t.archive.accept(
    submission(t.keys.alice, { run: { id: `run-${day}`, startedAt }, cell, build: `202611${day}` }),
  )
}

test('an issue is looked for by the platform of a cell, again when there is more, and its first and last results are kept', async () => {
  await using t = await testArchive()
  const triages = new ArchiveTriages(t.archive, [ISSUE])
  expect((await triages.read()).histories[0]).toMatchObject({ seen: 0 })
  for (const day of [10, 11, 12]) await report(t, day, 'fail')
  const triage = await triages.read()
  expect(triage.histories[0]).toMatchObject({ seen: 3, firstSeen: '2026-11-10T10:00:00.000Z' })
  expect(await triages.read()).toBe(triage)
  const [newest, , oldest] = triage.histories[0]?.incidents.map(({ cellRun }) => cellRun) ?? []
  expect(resultsOfOpenIssues(triage)).toEqual(new Set([newest, oldest]))
  await report(t, 13, 'pass')
  const after = await triages.read()
  expect(after.histories[0]).toMatchObject({ goneSince: '2026-11-13T10:00:00.000Z' })
  expect(resultsOfOpenIssues(after)).toEqual(new Set())
})

test('readers who come while it is looked wait for the same look', async () => {
  await using t = await testArchive()
  await report(t, 10, 'fail')
  const triages = new ArchiveTriages(t.archive, [ISSUE])
  const [a, b] = await Promise.all([triages.read(), triages.read()])
  expect(a.histories).toEqual(b.histories)
})
