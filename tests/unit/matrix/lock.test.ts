import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { lockFile, lockText, parseLock } from '../../../src/matrix/lock.ts'

const EXAMPLE = join(import.meta.dirname, '../../../examples/matrix-pairwise.yaml')
const text = readFileSync(EXAMPLE, 'utf8')
const platforms = (name: string) => ({
  boots: name === 'lxd' ? ['container', 'uefi'] : ['uefi', 'bios'],
  capabilities: ['extra-disk', 'extra-nic'],
})

function plan(matrix: string, previous?: ReturnType<typeof parseLock>) {
  const { cells, coverage } = expandMatrix(parseMatrix(matrix, EXAMPLE), {
    platforms,
    ...(previous ? { previous } : {}),
  })
  if (!coverage) throw new Error('the example wants less than everything')
  return { ids: cells.map((cell) => cell.id), coverage }
}

test('a lock file is beside its matrix and says the same rows when it is read again', () => {
  expect(lockFile('/m/matrix.yaml')).toBe('/m/matrix.lock.json')
  const { rows } = plan(text).coverage
  const read = parseLock(lockText(rows), 'x.lock.json')
  expect(new Set(read.map((row) => JSON.stringify(row)))).toEqual(new Set(rows.map((row) => JSON.stringify(row))))
  expect(lockText(read.toReversed())).toBe(lockText(rows))
})

test('one distribution more keeps at least 90 % of the cells, and without the lock file hardly any', () => {
  const before = plan(text)
  const grown = text.replace('alpine-3.22,', 'alpine-3.22, debian-14,')
  expect(grown).not.toBe(text)
  const kept = (after: readonly string[]) => before.ids.filter((id) => after.includes(id)).length / before.ids.length
  const locked = plan(grown, before.coverage.rows)
  expect(kept(locked.ids)).toBeGreaterThanOrEqual(0.9)
  expect(locked.ids.some((id) => id.includes('debian-14'))).toBe(true)
  expect(locked.coverage.since).toEqual({
    kept: locked.ids.filter((id) => before.ids.includes(id)).length,
    added: locked.ids.filter((id) => !before.ids.includes(id)).length,
    gone: before.ids.filter((id) => !locked.ids.includes(id)).length,
  })
  expect(kept(plan(grown).ids)).toBeLessThan(0.5)
})

test('an axis more leaves the ids of the old cells as they were', () => {
  const before = plan(text)
  const grown = text
    .replace('\n  disk:', '\n  variant: [default, proxy]\n  disk:')
    .replace('\ncoverage:', '\nvariants: { proxy: {} }\ncoverage:')
  const after = plan(grown, before.coverage.rows)
  expect(before.ids.filter((id) => after.ids.includes(id)).length / before.ids.length).toBeGreaterThanOrEqual(0.9)
  expect(after.ids.some((id) => id.includes('variant=proxy'))).toBe(true)
})

test('a value that is gone takes its cells along', () => {
  const before = plan(text)
  const after = plan(text.replace('ubuntu-26.04, ', ''), before.coverage.rows)
  expect(after.ids.filter((id) => id.includes('ubuntu-26'))).toEqual([])
  expect(after.coverage.since?.gone).toBeGreaterThan(0)
})

test('a broken lock file is named by line and column', () => {
  const broken = '{\n "version": 1,\n "axes": ["platform", "image"],\n "rows": [\n  ["lxd"]\n ]\n}\n'
  expect(() => parseLock(broken, 'matrix.lock.json')).toThrow('matrix.lock.json:5:3: this row has 1 values for 2 axes')
  expect(() => parseLock(broken.replace('1', '2'), 'matrix.lock.json')).toThrow(/^matrix.lock.json:2:13: version/)
})
