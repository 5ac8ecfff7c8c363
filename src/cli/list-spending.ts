import { Spending } from '../cost/spending.ts'
import { LeaseTable } from '../limits/lease-table.ts'
import { usdText } from '../results/usage.ts'

/** What all runs of this host have spent today, by platform. Always an estimate. */
export async function listSpending() {
  const spending = new Spending()
  try {
    const spent = spending.spentOn()
    return {
      head: ['PLATFORM', 'CELLS', 'SPENT TODAY (ESTIMATE)', 'OF IT SET ASIDE'],
      rows: spent.map((row) => [row.platform, String(row.cells), usdText(row.usd), usdText(row.reservedUsd)]),
      data: spent,
    }
  } finally {
    spending.close()
  }
}

/** Units of quotas that runs of this host hold now. */
export async function listLeases() {
  const table = new LeaseTable()
  try {
    const lent = table.list()
    return {
      head: ['QUOTA', 'UNITS', 'RUN', 'CELL', 'PROCESS'],
      rows: lent.map(({ quota, units, runId, cell, pid, host }) => [
        quota,
        String(units),
        runId,
        cell,
        `${pid} on ${host}`,
      ]),
      data: lent,
    }
  } finally {
    table.close()
  }
}
