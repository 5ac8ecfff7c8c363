import type { Spent } from '../cost/hard-stops.ts'
import { type Database, openDatabase } from './database.ts'
import { type HeldUnits, PostgresLeases } from './postgres-leases.ts'
import { PostgresSpending } from './postgres-spending.ts'

/** What all workers of a database spent today (UTC), by platform. @throws ConfigError, PrerequisiteError when it cannot be used */
export async function spentToday(url: string): Promise<Spent[]> {
  return await within(url, async (database) => (await PostgresSpending.open(database)).spentToday())
}

/** Units of quotas that workers of a database hold now. @throws ConfigError, PrerequisiteError when it cannot be used */
export async function heldLeases(url: string): Promise<HeldUnits[]> {
  return await within(url, async (database) => {
    const leases = await PostgresLeases.open(database, 'nobody')
    try {
      return await leases.list()
    } finally {
      leases.close()
    }
  })
}

async function within<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(url)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
