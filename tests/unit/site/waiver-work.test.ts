import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { waiverOf } from '../../../src/publish/waiver.ts'
import { Site } from '../../../src/site/site.ts'
import { check, registration, signed, submission, testArchive } from '../archive/test-archive.ts'

test('the page of waivers tells which are no longer needed, and where some of a waiver are not', async () => {
  await using t = await testArchive()
  writeFileSync(
    `${t.folder}/submitters/bob.yaml`,
    registration('bob', t.keys.bob, "roles: [waivers]\nscopes: [{cells: 'lxd/*', images: 'debian-*'}]"),
  )
  await t.archive.loadSubmitters()
  const report = async (status: 'pass' | 'fail', id: string) => {
    t.clock.now += 3_600_000
    const startedAt = new Date(t.clock.now).toISOString()
    const cell = { id, status, startedAt, checks: [check('ssh-root', status)] }
    await t.archive.accept(submission(t.keys.alice, { run: { id: `run-${t.clock.now}`, startedAt }, cell }))
  }
  const shown = async () => {
    const site = new Site(t.archive, { harness: '0.1.0', now: () => t.clock.now })
    return String((await site.answer('/waivers/')).body)
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
  }
  const cells = ['lxd/debian-13/default/container', 'lxd/debian-13/small/container'] as const
  for (const cell of cells) await report('fail', cell)
  const what = { checks: ['ssh-*'], cells: ['lxd/*'], images: ['debian-*'], missing: false }
  const why = { reason: 'known', tracker: 'https://bugs.example.org/1', until: '2026-12-31' }
  await t.archive.accept(signed(waiverOf({ ...what, ...why }, new Date(t.clock.now)), t.keys.bob))
  expect(await shown()).not.toContain('passed twice in a row since')
  for (const _ of [1, 2]) await report('pass', cells[0])
  expect(await shown()).toContain('1 of 2 failures passed twice in a row since: it excuses them no longer.')
  for (const _ of [1, 2]) await report('pass', cells[1])
  expect(await shown()).toContain(
    'no longer needed Everything it is about passed twice in a row, the last on 2026-11-20.',
  )
})
