import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { proveArchive } from '../../../src/archive/index.ts'
import { serveArchive, storm } from './storm.ts'

test('many submissions with hostile ones among them while people read', async () => {
  await using served = await serveArchive()
  const { good, hostile, reads, failedReads } = await storm(served, 300)
  expect(good).toEqual({ 201: 270 })
  expect(Object.keys(hostile).filter((status) => status.startsWith('2') || status.startsWith('5'))).toEqual([])
  expect(failedReads).toBe(0)
  expect(reads.length).toBeGreaterThan(20)
  const metrics = await (await fetch(`${served.url}/metrics`)).text()
  expect(metrics).toMatch(/^harness_log_head 271$/m)
  expect(metrics).not.toMatch(/^harness_errors_total/m)
  expect(readdirSync(join(served.folder, 'spool'))).toEqual([])
  expect(await proveArchive(served.folder)).toMatchObject({ submissions: 271 })
})
