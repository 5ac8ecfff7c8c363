import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { proveArchive } from '../../../src/archive/index.ts'
import { submission, testArchive, type TestArchive } from './test-archive.ts'

/** Sends submissions at the same moment, and counts the transactions. */
async function sendAll(t: TestArchive, texts: readonly string[]) {
  let transactions = 0
  const real = t.archive.sql.transaction.bind(t.archive.sql)
  t.archive.sql.transaction = (work) => {
    transactions++
    return real(work)
  }
  const ended = await Promise.allSettled(texts.map((text) => t.archive.accept(text)))
  return {
    transactions,
    seqs: ended.map((one) => (one.status === 'fulfilled' ? one.value.entry.seq : 0)),
    errors: ended.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : [])),
  }
}

const runs = (t: TestArchive, count: number) =>
  Array.from({ length: count }, (_, number) => submission(t.keys.alice, { run: { id: `run-${number}` } }))

test('submissions that come at once are entered together, each with a place and a file of its own', async () => {
  await using t = await testArchive()
  const { transactions, seqs, errors } = await sendAll(t, runs(t, 30))
  expect(errors).toEqual([])
  expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
  expect(transactions).toBeLessThan(15)
  expect(await proveArchive(t.folder)).toMatchObject({ submissions: 30 })
  expect(readdirSync(join(t.folder, 'spool'))).toEqual([])
})

test('one that is refused, and one that is there twice, do not hold up the others', async () => {
  await using t = await testArchive()
  const good = runs(t, 6)
  const conflict = submission(t.keys.alice, { run: { id: 'run-3' }, cell: { reason: 'another content' } })
  const { seqs, errors } = await sendAll(t, [...good, good[0] ?? '', conflict])
  expect(errors).toEqual([expect.stringContaining('run run-3 is there with another content')])
  expect(new Set(seqs.slice(0, 6)).size).toBe(6)
  expect(seqs[6]).toBe(seqs[0])
  expect(readdirSync(join(t.folder, 'spool'))).toEqual([])
})

test('one that cannot be written fails alone, and gets its place when it can be', async () => {
  await using t = await testArchive()
  const real = t.archive.logFiles.prepare.bind(t.archive.logFiles)
  const bad = 'run-2'
  t.archive.logFiles.prepare = async (archived) => {
    const payload = Buffer.from(archived.envelope?.payload ?? '', 'base64').toString()
    if (payload.includes(`"${bad}"`)) throw new Error('the disk does not take it')
    await real(archived)
  }
  const { seqs, errors } = await sendAll(t, runs(t, 6))
  expect(errors).toEqual(['the disk does not take it'])
  expect(seqs.filter((seq) => seq > 0).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
  t.archive.logFiles.prepare = real
  const again = await t.reopen()
  expect((await again.accept(runs(t, 6)[2] ?? '')).entry.seq).toBe(6)
  expect(await proveArchive(t.folder)).toMatchObject({ submissions: 6 })
})
