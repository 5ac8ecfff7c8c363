import { randomBytes } from 'node:crypto'
import type { Owner } from './platform.ts'

const LIFETIME_MS = 2 * 3_600_000

/** Marks for what is launched outside a run of the matrix: a run id of its own, two hours to live. */
export function newOwner(): Owner {
  const now = new Date()
  const stamp = now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return {
    runId: `${stamp}-${randomBytes(2).toString('hex')}`,
    cell: 'none',
    attempt: 1,
    expires: new Date(now.getTime() + LIFETIME_MS).toISOString(),
  }
}
