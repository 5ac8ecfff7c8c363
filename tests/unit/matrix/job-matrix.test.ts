import { expect, test } from 'vitest'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { jobMatrix } from '../../../src/matrix/job-matrix.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`)
const axes = { platform: ['lxd', 'qemu'], image: ['debian-13'], 'instance-type': numbers(200) }
const { cells } = expandMatrix(
  parseMatrix(JSON.stringify({ axes, platforms: { qemu: { axes: { 'instance-type': numbers(100) } } } }), 'm.yaml'),
)
const seconds = (cell: { instanceType: string }) => Number(cell.instanceType.slice(1)) + 1

test('few cells have a job each', () => {
  const { include } = jobMatrix(cells.slice(0, 256), () => 61)
  expect(include).toHaveLength(256)
  expect(include[3]).toEqual({
    name: 'lxd/debian-13/t3/default',
    platform: 'lxd',
    cells: 'lxd/debian-13/t3/default',
    minutes: 2,
  })
})

test('many cells share jobs of equal length, all of them are there, and platforms stay apart', () => {
  const { include } = jobMatrix(cells, seconds)
  expect(include).toHaveLength(256)
  expect(include.flatMap((job) => job.cells.split(' ')).toSorted()).toEqual(cells.map((cell) => cell.id).toSorted())
  expect(new Set(include.map((job) => job.platform))).toEqual(new Set(['lxd', 'qemu']))
  const { include: ten } = jobMatrix(cells, seconds, 10)
  expect(ten.map((job) => job.name)).toContain('lxd 7/7')
  const minutes = ten.filter((job) => job.platform === 'lxd').map((job) => job.minutes)
  expect(Math.max(...minutes) - Math.min(...minutes)).toBeLessThanOrEqual(1)
})

test('one job can have everything', () => {
  expect(jobMatrix(cells, seconds, 1).include).toMatchObject([{ name: 'cells 1/1', platform: 'lxd qemu' }])
})
