import { expect, test } from 'vitest'
import { digestFor, namesIn } from '../../../../src/images/get/checksums.ts'

const hex = (digit: string, length = 64) => digit.repeat(length)

test('every common form of a list is read', () => {
  expect(digestFor(`${hex('a')}  x.qcow2\n`, 'x.qcow2')).toEqual({ algorithm: 'sha256', hex: hex('a') })
  expect(digestFor(`${hex('B', 128)} *x.qcow2\r\n`, 'x.qcow2')).toEqual({ algorithm: 'sha512', hex: hex('b', 128) })
  expect(digestFor(`# x\nSHA256 (x.qcow2) = ${hex('c')}\n`, 'x.qcow2')?.hex).toBe(hex('c'))
  expect(digestFor(`${hex('d')}\n`, 'x.qcow2')?.hex).toBe(hex('d'))
  expect(digestFor(`${hex('e')}  ./x.qcow2\n`, 'x.qcow2')?.hex).toBe(hex('e'))
})

test('a weak or missing sum is none', () => {
  expect(digestFor(`${hex('a', 32)}  x.qcow2\n${hex('a', 40)}  x.qcow2\n`, 'x.qcow2')).toBeUndefined()
  expect(digestFor(`${hex('a')}  x.qcow2.asc\n`, 'x.qcow2')).toBeUndefined()
  expect(digestFor('<html>not found</html>', 'x.qcow2')).toBeUndefined()
})

test('of two sums the stronger counts', () => {
  const list = `${hex('a')}  x\n${hex('b', 128)}  x\n`
  expect(digestFor(list, 'x')?.algorithm).toBe('sha512')
  expect(namesIn(list)).toEqual(['x', 'x'])
})
