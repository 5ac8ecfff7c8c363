import { Spending } from '../cost/spending.ts'
import type { Spent } from '../cost/hard-stops.ts'
import { LeaseTable } from '../limits/lease-table.ts'
import { usdText } from '../results/usage.ts'

/**
 * What was spent today, by platform: by all runs of this host, or by all workers of a database. Always an estimate.
 * @throws ConfigError, PrerequisiteError when the database cannot be used
 */
export async function listSpending(database: string | undefined) {
  const spent = database === undefined ? ofThisHost() : await (await import('../queue/index.ts')).spentToday(database)
  return {
    head: ['PLATFORM', 'CELLS', 'SPENT TODAY (ESTIMATE)', 'OF IT SET ASIDE'],
    rows: spent.map((row) => [row.platform, String(row.cells), usdText(row.usd), usdText(row.reservedUsd)]),
    data: spent,
  }
}

function ofThisHost(): Spent[] {
  const spending = new Spending()
  try {
    return spending.spentOn()
  } finally {
    spending.close()
  }
}

/** Units of quotas that are held now: by runs of this host, or by workers of a database. */
export async function listLeases(database: string | undefined) {
  const lent = database === undefined ? heldHere() : await (await import('../queue/index.ts')).heldLeases(database)
  return {
    head: ['QUOTA', 'UNITS', 'RUN', 'CELL', 'PROCESS'],
    rows: lent.map(({ quota, units, runId, cell, holder }) => [quota, String(units), runId, cell, holder]),
    data: lent,
  }
}

function heldHere() {
  const table = new LeaseTable()
  try {
    return table.list().map((lent) => ({ ...lent, holder: `${lent.pid} on ${lent.host}` }))
  } finally {
    table.close()
  }
}
