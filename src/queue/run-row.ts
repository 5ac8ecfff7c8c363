import type { Waiver } from '../matrix/waivers.ts'
import type { CellPlan } from '../runner/plan/plan.ts'
import type { Keep } from '../runner/run-context.ts'
import type { SpendSettings } from '../runner/schedule/spend-settings.ts'
import type { Database } from './database.ts'

/** What all cells of a run have in common. */
export interface RunSettings {
  waivers: readonly Waiver[]
  keep: Keep
  spend?: SpendSettings | undefined
}

/** Milliseconds after which workers give up a run whose owner is not heard of. */
export const OWNER_LOST_MS = 60_000

const CELLS_AT_ONCE = 100

/** Writes down a run and its cells. */
export async function addRun(
  database: Database,
  runId: string,
  settings: RunSettings,
  plans: readonly CellPlan[],
): Promise<void> {
  await database.transaction(async (query) => {
    await query('INSERT INTO harness.run (id, settings) VALUES ($1, $2)', [runId, JSON.stringify(settings)])
    for (let from = 0; from < plans.length; from += CELLS_AT_ONCE) {
      const some = plans.slice(from, from + CELLS_AT_ONCE)
      await query('INSERT INTO harness.cell (run_id, cell, plan) SELECT $1, * FROM unnest($2::text[], $3::text[])', [
        runId,
        some.map(({ cell }) => cell.id),
        some.map((plan) => JSON.stringify(plan)),
      ])
    }
  })
}

/** The owner of a run says that it is there, and whether the run is still wanted. */
export async function touchRun(database: Database, runId: string, cancelled: boolean): Promise<void> {
  await database.query('UPDATE harness.run SET seen_at = now(), cancelled = cancelled OR $2 WHERE id = $1', [
    runId,
    cancelled,
  ])
}

/** Whether somebody still waits for this run. */
export async function isWanted(database: Database, runId: string): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM harness.run WHERE id = $1 AND NOT cancelled AND seen_at > now() - $2 * interval '1 millisecond'`,
    [runId, OWNER_LOST_MS],
  )
  return rows.length > 0
}

/** Ends cells nobody has taken. Returns which. */
export async function endUntaken(database: Database, runId: string): Promise<string[]> {
  const rows = await database.query<{ cell: string }>(
    'UPDATE harness.cell SET done = true WHERE run_id = $1 AND claim = 0 AND NOT done RETURNING cell',
    [runId],
  )
  return rows.map(({ cell }) => cell)
}

/** Takes the cells away from everybody who still works on them. */
export async function endRun(database: Database, runId: string): Promise<void> {
  await database.query('DELETE FROM harness.run WHERE id = $1', [runId])
}

/** Settings as they were written. */
export function readSettings(text: string): RunSettings {
  return JSON.parse(text) as RunSettings
}
