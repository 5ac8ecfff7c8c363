import { randomUUID } from 'node:crypto'
import type { Claim, Lease, LeaseHolder, Leases } from '../limits/leases.ts'
import type { Database } from './database.ts'

const TABLE = `
CREATE SCHEMA IF NOT EXISTS harness;
CREATE TABLE IF NOT EXISTS harness.lease (
  id uuid NOT NULL,
  quota text NOT NULL,
  units integer NOT NULL CHECK (units > 0),
  holder text NOT NULL,
  run_id text NOT NULL,
  cell text NOT NULL,
  beat_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (id, quota)
)`

/** Units that somebody holds, for people. */
export interface HeldUnits {
  quota: string
  units: number
  runId: string
  cell: string
  /** The worker, by its name. */
  holder: string
}

const BEAT_MS = 20_000
/** A holder that was silent for so long is taken for dead: what it launched may be there until it expires, or was swept. */
const SILENCE_MS = 5 * 60_000

/**
 * Leases in a database, shared by workers on any number of machines. Who asks waits for its turn under an advisory lock,
 * so that two who ask at once can never both get the last units.
 * A lease ends when it is released, when another worker asks for the same cell, and when its holder is silent and its machines have expired.
 */
export class PostgresLeases implements Leases {
  readonly #database: Database
  readonly #holder: string
  readonly #held = new Set<string>()
  readonly #beat: NodeJS.Timeout

  /** @param holder names this process among all that share the database */
  constructor(database: Database, holder: string) {
    this.#database = database
    this.#holder = holder
    this.#beat = setInterval(() => void this.beat().catch(() => {}), BEAT_MS)
    this.#beat.unref()
  }

  /** Makes the table when it is missing. */
  static async open(database: Database, holder: string): Promise<PostgresLeases> {
    await database.transaction(async (query) => {
      await query(`SELECT pg_advisory_xact_lock(hashtext('harness tables'))`)
      await query(TABLE)
    })
    return new PostgresLeases(database, holder)
  }

  async tryTake(claims: readonly Claim[], holder: LeaseHolder): Promise<Lease | { busy: string }> {
    const id = randomUUID()
    const { runId, cell, expiresAt } = holder
    const busy = await this.#database.transaction(async (query) => {
      await query(`SELECT pg_advisory_xact_lock(hashtext('harness leases'))`)
      // What a lost worker held for this very cell is taken over by whoever asks for it now, and by nobody else before.
      await query(
        `DELETE FROM harness.lease WHERE (run_id = $2 AND cell = $3)
         OR (beat_at < now() - $1 * interval '1 millisecond' AND expires_at < now())`,
        [SILENCE_MS, runId, cell],
      )
      for (const claim of claims) {
        const [row] = await query<{ used: number }>(
          'SELECT coalesce(sum(units), 0)::int AS used FROM harness.lease WHERE quota = $1',
          [claim.quota],
        )
        const used = row?.used ?? 0
        if (used + claim.units > claim.limit)
          return `${claim.quota}: ${used} of ${claim.limit} are in use; ${claim.units} more are needed`
      }
      for (const { quota, units } of claims)
        await query(
          `INSERT INTO harness.lease (id, quota, units, holder, run_id, cell, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000))`,
          [id, quota, units, this.#holder, runId, cell, expiresAt],
        )
      return undefined
    })
    if (busy !== undefined) return { busy }
    this.#held.add(id)
    return {
      release: async () => {
        this.#held.delete(id)
        await this.#database.query('DELETE FROM harness.lease WHERE id = $1', [id])
      },
    }
  }

  /** Gives back what lost workers held for a cell that nobody works on any more. */
  async giveUp(runId: string, cell: string): Promise<void> {
    await this.#database.query('DELETE FROM harness.lease WHERE run_id = $1 AND cell = $2', [runId, cell])
  }

  /** What is held now, by whom. */
  async list(): Promise<HeldUnits[]> {
    return await this.#database.query<HeldUnits>(
      'SELECT quota, units, run_id AS "runId", cell, holder FROM harness.lease ORDER BY quota, beat_at',
    )
  }

  /** Tells the others that this process lives. */
  async beat(): Promise<void> {
    if (this.#held.size === 0) return
    await this.#database.query('UPDATE harness.lease SET beat_at = now() WHERE id = ANY($1::uuid[])', [[...this.#held]])
  }

  close(): void {
    clearInterval(this.#beat)
  }
}
