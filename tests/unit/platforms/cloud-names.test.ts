import { expect, test } from 'vitest'
import { isSameCell, lifetimeSeconds, ownerIn, ownerText, tokenOf } from '../../../src/platforms/cloud-names.ts'

const owner = {
  runId: '20261122-1',
  cell: 'gce/debian-13/e2-small/uefi,region=x',
  attempt: 2,
  expires: '2026-11-22T12:00:00.000Z',
}

test('a token is a UUID, the same for the same words and only for them', () => {
  expect(tokenOf('a', 1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(tokenOf('a', 1)).toBe(tokenOf('a', 1))
  expect(tokenOf('a', 1)).not.toBe(tokenOf('a', 2))
  expect(tokenOf('ab', 'c')).not.toBe(tokenOf('a', 'bc'))
})

test('marks survive a description, and a description of somebody else has none', () => {
  expect(ownerIn(ownerText(owner))).toEqual(owner)
  for (const text of [undefined, null, '', 'my database', '{"harness":', '{"harness":{}}', '{"harness":{"runId":3}}'])
    expect(ownerIn(text)).toBeUndefined()
})

test('only the same cell of the same run is the same', () => {
  expect(isSameCell({ ...owner, attempt: 1 }, owner)).toBe(true)
  expect(isSameCell({ ...owner, cell: 'other' }, owner)).toBe(false)
  expect(isSameCell({ ...owner, runId: 'other' }, owner)).toBe(false)
  expect(isSameCell(undefined, owner)).toBe(false)
})

test('a lifetime ends some time after the marks, and never at once', () => {
  const soon = new Date(Date.now() + 600_000).toISOString()
  expect(Math.abs(lifetimeSeconds({ ...owner, expires: soon }, 900) - 1500)).toBeLessThan(3)
  expect(lifetimeSeconds({ ...owner, expires: '2020-01-01T00:00:00Z' }, 900)).toBe(960)
})
