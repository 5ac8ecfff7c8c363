import type { ErrorRecord } from '../core/errors.ts'
import type { CheckRecord } from './check-record.ts'
import type { Status } from './status.ts'

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
    })
  | (OfCell & { type: 'cell-started' })
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
    })
  | (Stamped & { type: 'run-ended'; status: Status; exitCode: number; durationMs: number })

export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>
