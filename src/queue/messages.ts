import type { CellPast } from '../results/cell-past.ts'
import type { RunEvent } from '../results/event.ts'
import type { CellEnd } from '../runner/cell/run-cell.ts'
import type { Database } from './database.ts'

/** What a worker says about a cell, in the order in which it says it. */
export type Message =
  /** A worker has taken the cell. What one before it said is over. */
  | { kind: 'claimed'; worker: string }
  | { kind: 'events'; events: RunEvent[] }
  /** Some bytes of a file of the cell, relative to the folder of the run. */
  | { kind: 'file'; path: string; offset: number; data: Buffer }
  /** The cell has its final status. Nothing follows. */
  | { kind: 'end'; end: CellEnd }

export interface Received {
  id: string
  cell: string
  message: Message
}

/** A cell in the hands of one worker. The number grows with every worker that takes it; only the newest may speak. */
export interface Claim {
  runId: string
  cell: string
  claim: number
}

interface Row {
  id: string
  cell: string
  kind: string
  body: string
  data: Buffer | null
}

/**
 * Says something about a cell. False when the claim is not valid any more: then nothing was said.
 * @param past what the next worker has to know, should this one be lost; undefined when that has not changed
 */
export async function putMessage(database: Database, of: Claim, message: Message, past?: CellPast): Promise<boolean> {
  const { data, kind, ...body } = { data: undefined, ...message }
  const rows = await database.query(
    `WITH held AS (
       UPDATE harness.cell SET past = coalesce($4::text, past), done = $5::boolean
       WHERE run_id = $1 AND cell = $2 AND claim = $3 AND NOT done RETURNING 1)
     INSERT INTO harness.message (run_id, cell, kind, body, data) SELECT $1, $2, $6::text, $7::text, $8::bytea FROM held RETURNING id`,
    [
      of.runId,
      of.cell,
      of.claim,
      past === undefined ? null : JSON.stringify(past),
      kind === 'end',
      kind,
      JSON.stringify(body),
      data ?? null,
    ],
  )
  return rows.length > 0
}

/** The oldest messages of a run. Those of one cell are complete and in order, whoever else is writing. */
export async function readMessages(database: Database, runId: string, limit: number): Promise<Received[]> {
  const rows = await database.query<Row>(
    'SELECT id, cell, kind, body, data FROM harness.message WHERE run_id = $1 ORDER BY id LIMIT $2',
    [runId, limit],
  )
  return rows.map(({ id, cell, kind, body, data }) => ({
    id,
    cell,
    message: { ...(JSON.parse(body) as object), kind, ...(data ? { data } : {}) } as Message,
  }))
}

/** Forgets messages that were taken over. */
export async function dropMessages(database: Database, received: readonly Received[]): Promise<void> {
  await database.query('DELETE FROM harness.message WHERE id = ANY($1::bigint[])', [received.map(({ id }) => id)])
}
