import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { PrerequisiteError } from '../core/errors.ts'
import { exclusively, openStateDatabase } from '../core/state-database.ts'
import { ledgerDir } from '../platforms/ledger-file.ts'
import { identify, isAlive, type ProcessIdentity } from '../platforms/process-identity.ts'
import type { Claim, Lease, LeaseHolder, Leases } from './leases.ts'

const TABLES = `CREATE TABLE IF NOT EXISTS lease (
  id TEXT NOT NULL, quota TEXT NOT NULL, units INTEGER NOT NULL CHECK (units > 0), run_id TEXT NOT NULL, cell TEXT NOT NULL,
  pid INTEGER NOT NULL, start_ticks TEXT NOT NULL, boot_id TEXT NOT NULL, host TEXT NOT NULL,
  beat_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (id, quota)) STRICT`

const BEAT_MS = 20_000
/** A process of another host that was silent for so long is taken for dead. */
const SILENCE_MS = 15 * BEAT_MS

/** One row of the table, for people. */
export interface LentUnits {
  quota: string
  units: number
  runId: string
  cell: string
  pid: number
  host: string
}

interface Row extends Omit<LentUnits, 'runId'> {
  id: string
  run_id: string
  start_ticks: string
  boot_id: string
  beat_at: number
  expires_at: number
}

export interface LeaseTableOptions {
  /** Whether machines of a run may still exist although its process is gone. Default as its ledger says. */
  hasLeftovers?: (runId: string) => boolean
  /** For tests. Default `Date.now`. */
  now?: () => number
}

/**
 * Leases in an SQLite file of the state directory, shared by all runs of this host.
 * A lease ends when it is released; when the process that took it is gone, known by pid and start time, and with it its machines;
 * or, for a process of another host, when it has not been heard of for five minutes.
 * @throws PrerequisiteError when the file cannot be used
 */
export class LeaseTable implements Leases {
  readonly #database: DatabaseSync
  readonly #self: ProcessIdentity
  readonly #hasLeftovers: (runId: string) => boolean
  readonly #now: () => number
  readonly #beat: NodeJS.Timeout

  constructor(options: LeaseTableOptions = {}) {
    const self = identify()
    if (!self)
      throw new PrerequisiteError('this process cannot see itself in /proc', { hint: 'mount -t proc proc /proc' })
    this.#self = self
    this.#hasLeftovers = options.hasLeftovers ?? hasLedger
    this.#now = options.now ?? Date.now
    this.#database = openStateDatabase('leases.db', TABLES, { durable: false })
    this.#beat = setInterval(() => this.beat(), BEAT_MS)
    this.#beat.unref()
  }

  async tryTake(claims: readonly Claim[], holder: LeaseHolder): Promise<Lease | { busy: string }> {
    const id = randomUUID()
    const busy = exclusively(this.#database, () => {
      for (const claim of claims) {
        const out = this.#living(claim.quota)
        const used = out.reduce((sum, row) => sum + row.units, 0)
        if (used + claim.units > claim.limit) return busyText(claim, used, out, holder.runId)
      }
      const insert = this.#database.prepare('INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      const { pid, startTicks, bootId, host } = this.#self
      for (const { quota, units } of claims) {
        const { runId, cell, expiresAt } = holder
        insert.run(id, quota, units, runId, cell, pid, startTicks, bootId, host, this.#now(), expiresAt)
      }
      return undefined
    })
    if (busy !== undefined) return { busy }
    return { release: async () => void this.#database.prepare('DELETE FROM lease WHERE id = ?').run(id) }
  }

  /** What is lent now, after leases that are over were dropped. */
  list(): LentUnits[] {
    return exclusively(this.#database, () => this.#living()).map(({ quota, units, run_id, cell, pid, host }) => ({
      quota,
      units,
      runId: run_id,
      cell,
      pid,
      host,
    }))
  }

  /** Tells other hosts that this process lives. */
  beat(): void {
    const { pid, startTicks, bootId, host } = this.#self
    this.#database
      .prepare('UPDATE lease SET beat_at = ? WHERE pid = ? AND start_ticks = ? AND boot_id = ? AND host = ?')
      .run(this.#now(), pid, startTicks, bootId, host)
  }

  close(): void {
    clearInterval(this.#beat)
    this.#database.close()
  }

  /** The rows that count, of one quota or all. Drops the others; call it where nobody else can write. */
  #living(quota?: string): Row[] {
    const all = this.#database
      .prepare(`SELECT * FROM lease ${quota === undefined ? '' : 'WHERE quota = ?'} ORDER BY quota, beat_at`)
      .all(...(quota === undefined ? [] : [quota])) as unknown[] as Row[]
    const living: Row[] = []
    for (const row of all) {
      if (!this.#isOver(row)) living.push(row)
      else this.#database.prepare('DELETE FROM lease WHERE id = ?').run(row.id)
    }
    return living
  }

  #isOver(row: Row): boolean {
    const { pid, start_ticks, boot_id, host, beat_at, expires_at } = row
    const alive = isAlive({ pid, startTicks: start_ticks, bootId: boot_id, host })
    if (alive === true || (alive === 'unknown' && this.#now() - beat_at < SILENCE_MS)) return false
    // What a killed run launched still uses the quota until it is swept or has expired.
    return this.#now() > expires_at || !this.#hasLeftovers(row.run_id)
  }
}

function busyText(claim: Claim, used: number, out: readonly Row[], runId: string): string {
  const others = [...new Set(out.map((row) => row.run_id).filter((other) => other !== runId))]
  const by = others.length === 0 ? '' : `, some by ${others.slice(0, 3).join(', ')}`
  return `${claim.quota}: ${used} of ${claim.limit} are in use${by}; ${claim.units} more are needed`
}

/** The ledger of a run, or of a part of it, is there as long as it names something that was not removed. */
function hasLedger(runId: string): boolean {
  return existsSync(ledgerDir()) && readdirSync(ledgerDir()).some((name) => /^[^.@]*/.exec(name)?.[0] === runId)
}
