import type { ErrorRecord } from '../core/errors.ts'
import type { CheckRecord } from './check-record.ts'
import type { FoundImage } from './found-image.ts'
import type { NotSelectedCell } from './not-selected.ts'
import type { Status } from './status.ts'
import type { Usage } from './usage.ts'

/** What a cell is, as far as a reader of results needs to know. */
export interface CellSummary {
  /** For example `lxd/debian-13/default/container` or `lxd/debian-13/small/uefi,disk=extra-10GiB,nic=extra-1`. Directory below `cells/`, event key, vitest project name and `--filter` argument. */
  id: string
  platform: string
  image: string
  distribution: string
  release: string
  instanceType: string
  boot: string
  agent: { name: string; source: string }
  suites: string[]
  /** How much is judged. Absent: everything. */
  tier?: 'smoke' | 'standard' | 'full'
  /** The value of every axis by its name, for example `{ platform: 'lxd', image: 'debian-13', 'instance-type': 'default', boot: 'container', disk: 'extra-10GiB' }`. */
  axes?: Readonly<Record<string, string>>
}

/** The steps of a cell, in their usual order. */
export type StepName =
  | 'image'
  | 'rest-facts'
  | 'launch'
  | 'first-boot'
  | 'first-boot-facts'
  | 'upgrade'
  | 'clean'
  | 'snapshot'
  | 'reboot'
  | 'after-reboot-facts'
  | 'pair'
  | 'checks'
  | 'collect'
  | 'scan-logs'
  | 'destroy'

/** Whose budget pays for another attempt: the one for trouble of host and platform, or the one for checks that do not hold. */
export type Again = 'infrastructure' | 'tests'

export interface ShardOf {
  /** From 1. */
  index: number
  count: number
  cells: CellSummary[]
}

export interface Gate {
  /** `block`: a flaky cell makes the run fail, `allow`: it is shown and counted only. */
  flaky: 'allow' | 'block'
}

interface Stamped {
  /** ISO 8601, UTC, milliseconds. */
  at: string
}
interface OfCell extends Stamped {
  cell: string
  attempt: number
}

/**
 * One line of `reports/<run-id>/events.jsonl`. The file is the truth of a run: every report can be made again from it.
 * Readers ignore fields and types they do not know; `version` changes only when a field changes its meaning.
 */
export type RunEvent =
  | (Stamped & {
      type: 'run-started'
      version: 1
      runId: string
      harness: string
      argv: string[]
      host: Record<string, string>
      cells: CellSummary[]
      excluded: { id: string; reason: string }[]
      /** Cells of the matrix that rules of this run left out on purpose. */
      notSelected?: NotSelectedCell[]
      /** Names the whole plan this run works on; equal for all its shards. */
      plan?: string
      /** What is special to a shard: which it is, and the cells of all shards in order. */
      shard?: ShardOf
      /** What blocks besides failures. Absent: nothing. */
      gate?: Gate
    })
  /** Another process goes on with a run that was interrupted; finished cells are not repeated. */
  | (Stamped & { type: 'run-resumed'; harness: string; host: Record<string, string> })
  | (OfCell & {
      type: 'cell-started'
      /** Why it is not the first attempt. */
      again?: Again | 'resume'
      /** True when what earlier attempts found stands until it is judged again. */
      keeps?: boolean
    })
  | (OfCell & { type: 'image-found'; image: FoundImage })
  | (OfCell & { type: 'step-started'; step: StepName; detail?: string })
  /** What a long step does now, in a few words. */
  | (OfCell & { type: 'step-progress'; step: StepName; line: string })
  | (OfCell & {
      type: 'step-ended'
      step: StepName
      durationMs: number
      outcome: 'ok' | 'failed' | 'skipped'
      reason?: string
      error?: ErrorRecord
    })
  | (OfCell & { type: 'check-started'; id: string; subject: 'image' | 'upgraded' })
  | (OfCell & { type: 'check-ended'; record: CheckRecord })
  | (OfCell & {
      type: 'log-collected'
      file: string
      title: string
      bytes: number
      truncated: boolean
      redactions?: number
    })
  | (OfCell & { type: 'facts-collected'; file: string; phase: string; subject: 'image' | 'upgraded' })
  /** Boot-time pieces and other numbers of the cell itself, in milliseconds unless the name says otherwise. */
  | (OfCell & { type: 'measured'; subject: 'image' | 'upgraded'; values: Record<string, number> })
  | (OfCell & { type: 'agent-upgraded'; from: string; to: string; source: string })
  | (OfCell & { type: 'warning'; message: string })
  | (OfCell & { type: 'leaked'; resource: string; error: ErrorRecord })
  | (OfCell & {
      type: 'cell-ended'
      status: Status
      reason?: string
      error?: ErrorRecord
      durationMs: number
      boots: number
      /** What the machines of this attempt came to. */
      usage?: Usage
      /** Set when another attempt follows: this is not the end of the cell. */
      next?: Again
      /** It passed, and an earlier attempt had failed. */
      flaky?: boolean
      /** Nobody let it end: it is worked on when the run is resumed. */
      cancelled?: boolean
    })
  | (Stamped & { type: 'run-ended'; status: Status; exitCode: number; durationMs: number })

export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>
