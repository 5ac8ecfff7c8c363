import type { CellPast } from '../results/cell-past.ts'
import type { CellPlan } from '../runner/plan/plan.ts'
import type { Database } from './database.ts'
import type { Claim } from './messages.ts'
import { readSettings, type RunSettings } from './run-row.ts'

/** A cell that was taken, with all a worker must know of it. */
export interface Taken {
  claim: Claim
  /** With what earlier attempts found, also those of lost workers. */
  plan: CellPlan
  settings: RunSettings
}

interface Row {
  claim: number
  past: string | null
  plan: string
  settings: string
}

/** Takes a cell, also from a worker that is gone. Undefined when it is done, or nobody wants it any more. */
export async function takeCell(
  database: Database,
  place: { runId: string; cell: string },
  worker: string,
): Promise<Taken | undefined> {
  const [row] = await database.query<Row>(
    `WITH taken AS (
       UPDATE harness.cell c SET claim = c.claim + 1, worker = $3
       FROM harness.run r
       WHERE c.run_id = $1 AND c.cell = $2 AND NOT c.done AND r.id = c.run_id
       RETURNING c.claim, c.past, c.plan, r.settings),
     told AS (
       INSERT INTO harness.message (run_id, cell, kind, body)
       SELECT $1, $2, 'claimed', json_build_object('worker', $3::text) FROM taken)
     SELECT * FROM taken`,
    [place.runId, place.cell, worker],
  )
  if (!row) return undefined
  const past = row.past === null ? {} : { past: JSON.parse(row.past) as CellPast }
  return {
    claim: { ...place, claim: row.claim },
    plan: { ...(JSON.parse(row.plan) as CellPlan), ...past },
    settings: readSettings(row.settings),
  }
}
