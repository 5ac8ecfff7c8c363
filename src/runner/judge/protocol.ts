import type { ErrorRecord } from '../../core/errors.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import type { Capability } from '../../instance/machine.ts'
import type { CheckRecord, Phase } from '../../results/check-record.ts'
import type { CellSummary } from '../../results/event.ts'
import type { CheckFiles } from '../checks/load-checks.ts'
import type { PlannedCheck, Subject } from '../plan/planned-check.ts'

/** What the process that judges a cell is told when it starts; long before there is anything to judge. */
export interface ChildSpec {
  cell: CellSummary
  files: CheckFiles
  planned: PlannedCheck[]
  capabilities: Capability[]
  /** Socket of the parent, for the worker that runs the checks. */
  socket: string
  /** Lines of `ProgressLine`, written synchronously, so that neither a crash nor a busy loop loses one. */
  progress: string
  /** Receives what checks attach. */
  attachments: string
  /** Whether checks need an instance: then the code for it is loaded early. */
  live: boolean
  /** Variables of the matrix for executables that judge. */
  environment?: Readonly<Record<string, string>>
  /** What these variables hold that must not be written anywhere. */
  secrets?: readonly string[]
}

/** Where things are that are judged; sent when they exist. */
export interface ChildInputs {
  facts: { subject: Subject; phases: readonly Phase[]; path: string }[]
  /** Facts of the second instance, for phase `pair`. */
  pairFacts?: string
  machines: { lane: string; machineId: string }[]
  /** Whether instances of their own can be launched. */
  own: boolean
  /** Facts a regression check sees: of the machine under test, and of the unmodified one. */
  liveFacts?: string
  baselineFacts?: string
  platform: string
  platformOptions: Readonly<Record<string, unknown>>
  identity: SshIdentity
}

/** To the process. */
export type ToChild = { type: 'spec'; spec: ChildSpec } | { type: 'cancel' }

/** From the process. Everything in it is over when it says `finished`. */
export type FromChild =
  | { type: 'log'; line: string }
  | {
      type: 'finished'
      reason: 'passed' | 'failed' | 'interrupted'
      unhandled: ErrorRecord[]
      brokenModules: ErrorRecord[]
    }

/** To the worker, over the socket. */
export type ToWorker =
  | { type: 'go'; inputs: ChildInputs }
  | { type: 'instance'; group: string; machineId: string }
  | { type: 'instance-failed'; group: string; error: ErrorRecord; status: CheckRecord['status'] }

/** From the worker, over the socket. */
export type FromWorker =
  | { type: 'ready'; missing: { file: string; message: string }[] }
  | { type: 'need-instance'; group: string }

/** One line of the progress file. */
export type ProgressLine =
  | { at: string; key: string; type: 'started' }
  | { at: string; key: string; type: 'ended'; outcome: CheckOutcome }
  /** A check asked the instance of a lane to boot. */
  | { at: string; key: string; type: 'booted' }

/** How a check ended, without what is known of it beforehand. */
export type CheckOutcome = Pick<
  CheckRecord,
  'status' | 'reason' | 'errors' | 'durationMs' | 'measurements' | 'attachments'
>
