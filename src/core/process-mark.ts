import { readFileSync } from 'node:fs'

/** A process, told apart from a later one with the same number. */
export interface ProcessMark {
  pid: number
  /** Clock ticks after boot, field 22 of `/proc/<pid>/stat`; 0 where there is no /proc. */
  started: number
}

/** The mark of this process. */
export function ownMark(): ProcessMark {
  return { pid: process.pid, started: startOf(process.pid) ?? 0 }
}

/** Whether the very process that left the mark still runs. */
export function isAlive(mark: ProcessMark): boolean {
  return startOf(mark.pid) === mark.started
}

/** `<pid>-<start>`, for names of directories and locks. */
export function markText(mark: ProcessMark): string {
  return `${mark.pid}-${mark.started}`
}

/** Reads what `markText` wrote, anywhere in `text`. */
export function parseMark(text: string): ProcessMark | undefined {
  const match = /(\d+)-(\d+)/.exec(text)
  return match ? { pid: Number(match[1]), started: Number(match[2]) } : undefined
}

/** Clock ticks after boot at which a process started; undefined when there is none, or only what is left of one. */
export function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // a zombie holds nothing any more
    return fields[0] === 'Z' ? undefined : Number(fields[19])
  } catch {
    return undefined
  }
}
