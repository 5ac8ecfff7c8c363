import { expect, test } from 'vitest'
import { KeptBytes, MarkedStream } from '../../../../src/platforms/lxd/marked-stream.ts'

const mark = 'abcabcabd'

function cut(text: string, size: number) {
  const kept = new KeptBytes(1000)
  const stream = new MarkedStream(mark, kept)
  let rest: Buffer | undefined
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size)
    rest = rest === undefined ? stream.push(chunk) : Buffer.concat([rest, chunk])
  }
  return { output: kept.bytes().toString(), status: stream.status, rest: rest?.toString() }
}

test.each([1, 2, 3, 5, 8, 13, 1000])('finds the mark in chunks of %i bytes, and keeps every byte before it', (size) => {
  const output = `line\nabcabcab abc${mark.slice(0, -1)}x\nabcabc`
  expect(cut(`${output}${mark} 137\nrest`, size)).toEqual({ output, status: 137, rest: 'rest' })
})

test('without a mark there is no status, and what cannot be its start is passed on at once', () => {
  expect(cut('some output abcabc', 4)).toEqual({ output: 'some output ', status: undefined, rest: undefined })
})

test('keeps what it may and says that it dropped the rest', () => {
  const kept = new KeptBytes(4)
  kept.write(Buffer.from('0123'))
  expect(kept.truncated).toBe(false)
  kept.write(Buffer.from('4'))
  expect([kept.bytes().toString(), kept.truncated]).toEqual(['0123', true])
})
