import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../../src/queue/database.ts'
import { openJobs } from '../../../src/queue/jobs.ts'
import { makeTables } from '../../../src/queue/tables.ts'
import { findPostgres, startPostgres } from './postgres.ts'

const found = findPostgres()
const skip = 'missing' in found ? found.missing : undefined

describe.skipIf(skip)(`a new database${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test('is made ready once, by whoever comes first, however many come at once', { timeout: 120_000 }, async () => {
    await using postgres = await startPostgres('bin' in found ? found.bin : '')
    const { url } = await postgres.database('new')
    const warnings: string[] = []
    const open = async () => {
      const database = await openDatabase(url)
      try {
        await makeTables(database)
        await (await openJobs(database, (text) => warnings.push(text))).close()
      } finally {
        await database.close()
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: 8 }, open))
    expect(ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))).toEqual([])
    expect(warnings).toEqual([])
  })
})
