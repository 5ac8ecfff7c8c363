import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { startOf } from '../core/process-mark.ts'

/** Names one process for ever: pids are reused, the pair of pid and start time within one boot of the kernel is not. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks between the boot of the kernel and the start of the process. */
  startTicks: string
  /** Random id of this boot of the kernel; empty where the system does not tell. */
  bootId: string
  host: string
}

/** The identity of a running process, by default of this one; undefined when there is no such process. */
export function identify(pid = process.pid): ProcessIdentity | undefined {
  const ticks = startOf(pid)
  if (ticks === undefined) return undefined
  return { pid, startTicks: String(ticks), bootId: readBootId(), host: hostname() }
}

/** Whether the very process still runs. One of another host cannot be seen from here: `unknown`. */
export function isAlive(identity: ProcessIdentity): boolean | 'unknown' {
  if (identity.host !== hostname()) return 'unknown'
  const now = identify(identity.pid)
  return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
