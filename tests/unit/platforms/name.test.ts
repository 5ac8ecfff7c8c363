import { expect, test } from 'vitest'
import { machineName, newRunId } from '../../../src/platforms/name.ts'

const of = { runId: '20261122-033558-ab12', cell: 'lxd/debian-13/default/container', attempt: 1, role: 'subject' }

test('a name is the same for the same attempt and differs in everything else', () => {
  expect(machineName(of)).toBe(machineName({ ...of }))
  expect(machineName(of)).toMatch(/^h-20261122-033558-ab12-debian-13-subject-[0-9a-f]{8}$/)
  const others = [{ attempt: 2 }, { role: 'pair' }, { cell: 'lxd/debian-13/c2/container' }, { runId: newRunId() }]
  expect(new Set([of, ...others.map((other) => ({ ...of, ...other }))].map(machineName)).size).toBe(5)
})

test.each(['x', 'lxd/Debian_13:Größe/…/a', `lxd/${'very-long-image-name-'.repeat(9)}/b/c`, '////'])(
  '%s makes a valid host name',
  (cell) => {
    const name = machineName({ ...of, cell, role: 'user-data with a very long group name' })
    expect(name).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/)
    expect(name.length).toBeLessThanOrEqual(63)
  },
)

test('a run id is sortable by time', () => {
  expect(newRunId(new Date('2026-11-22T03:35:58.123Z'))).toMatch(/^20261122-033558-[0-9a-z]{4}$/)
})
