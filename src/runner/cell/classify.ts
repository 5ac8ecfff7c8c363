import {
  BootError,
  CancelledError,
  type ErrorRecord,
  HarnessError,
  PlatformError,
  toErrorRecord,
  TransportError,
  WaitTimeoutError,
} from '../../core/errors.ts'
import { classifyConsole, consoleTail } from '../../instance/console.ts'
import type { Instance } from '../../instance/instance.ts'
import type { StepFailure } from '../../results/check-record.ts'
import type { Status } from '../../results/status.ts'

/** What a failed step means for its cell. */
export interface Classified extends StepFailure {
  /** Whether the same may succeed on a fresh machine. */
  retryable: boolean
}

/**
 * Decides who must act on an error of a step. A broken line is the image's fault when the console shows why;
 * a silent console leaves it open, so the cell is not judged and may be tried again.
 */
export async function classify(error: unknown, instance?: Instance): Promise<Classified> {
  const record = toErrorRecord(error)
  if (!(error instanceof TransportError || error instanceof WaitTimeoutError)) {
    return {
      status: statusOfBlame(error, record),
      error: record,
      retryable: error instanceof HarnessError && error.retryable,
    }
  }
  const taken = instance && (await takenAway(instance))
  if (taken) return { status: 'miss', error: { ...toErrorRecord(taken), ...evidence(record, '') }, retryable: true }
  const tail = instance ? await consoleTail(instance.machine) : ''
  const verdict = classifyConsole(tail)
  if (verdict === undefined) return { status: 'miss', error: { ...record, ...evidence(record, tail) }, retryable: true }
  const boot = new BootError(`${error.message}; ${verdict}`, { consoleTail: tail, cause: error })
  return { status: 'fail', error: toErrorRecord(boot), retryable: false }
}

/** A machine that its provider took away tells so when it is asked for its state. */
async function takenAway({ machine }: Instance): Promise<PlatformError | undefined> {
  try {
    await machine.state()
    return undefined
  } catch (error) {
    return error instanceof PlatformError && error.kind === 'capacity' ? error : undefined
  }
}

/** The same without a machine to look at. */
export function classifyPlainly(error: unknown): { error: ErrorRecord; status: Status } {
  const record = toErrorRecord(error)
  return { error: record, status: statusOfBlame(error, record) }
}

function statusOfBlame(error: unknown, record: ErrorRecord): Status {
  if (error instanceof CancelledError) return 'miss'
  switch (record.blame) {
    case 'image':
      return 'fail'
    case 'harness':
      return 'error'
    case 'user':
      return record.name === 'UnsupportedError' ? 'skip' : 'error'
    case 'host':
    case 'provider':
    case 'leak':
    case 'unknown':
      return 'miss'
  }
}

function evidence(record: ErrorRecord, tail: string): { evidence?: string } {
  const parts = [record.evidence, tail].filter((part) => part !== undefined && part !== '')
  return parts.length > 0 ? { evidence: parts.join('\n') } : {}
}
