import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dump } from '../../../src/archive/dump.ts'
import { archiveContract } from '../../unit/archive/archive-contract.ts'
import { submission, testArchive } from '../../unit/archive/test-archive.ts'
import { findPostgres, startPostgres, type Postgres } from '../queue/postgres.ts'

const found = findPostgres()

describe.skipIf('missing' in found)(`archive in PostgreSQL${'missing' in found ? ` (${found.missing})` : ''}`, () => {
  let postgres: Postgres
  let databases = 0

  beforeAll(async () => {
    postgres = await startPostgres('bin' in found ? found.bin : '')
  })
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]()
  })

  const newDatabase = async () => (await postgres.database(`archive_${++databases}`)).url

  archiveContract({ make: async () => await testArchive({ database: await newDatabase() }), newDatabase })

  test('SQLite and PostgreSQL hold the same', async () => {
    await using lite = await testArchive()
    await using big = await testArchive({ database: await newDatabase(), like: lite })
    for (let number = 0; number < 5; number++) {
      for (const t of [lite, big]) t.clock.now += 1_000
      const text = submission(lite.keys.alice, { run: { id: `run-${number}` }, build: `2026111${number}` })
      await lite.archive.accept(text)
      await big.archive.accept(text)
    }
    let [a, b] = ['', '']
    for await (const line of dump(lite.archive.sql)) a += line
    for await (const line of dump(big.archive.sql)) b += line
    expect(b).toBe(a)
  })

  test('a server that goes away is an error that says so, and nothing is lost when it is back', async () => {
    await using t = await testArchive({ database: await newDatabase() })
    await t.archive.accept(submission(t.keys.alice))
    await postgres.stop()
    const text = submission(t.keys.alice, { run: { id: 'later' } })
    await expect(t.archive.accept(text)).rejects.toThrow(/does not answer/)
    await postgres.start()
    const { entry } = await t.archive.accept(text)
    expect(entry.seq).toBe(2)
  })
})
