import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** Names one process for ever: pids are reused, the pair of pid and start time within one boot of the kernel is not. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks between the boot of the kernel and the start of the process; empty where the system does not tell. */
  startTicks: string
  /** Random id of this boot of the kernel; empty where the system does not tell. */
  bootId: string
  host: string
}

/** The identity of a running process, by default of this one; undefined when there is no such process. */
export function identify(pid = process.pid): ProcessIdentity | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined && !exists(pid)) return undefined
  // The second field is the command in parentheses and may contain spaces; a zombie has ended.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return {
    pid,
    startTicks: fields[19] ?? '',
    bootId: read('/proc/sys/kernel/random/boot_id')?.trim() ?? '',
    host: hostname(),
  }
}

/** Whether the very process still runs. One of another host cannot be seen from here: `unknown`. */
export function isAlive(identity: ProcessIdentity): boolean | 'unknown' {
  if (identity.host !== hostname()) return 'unknown'
  const now = identify(identity.pid)
  return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
