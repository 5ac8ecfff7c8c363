import { cleanText } from '../core/text.ts'
import type { LogKind } from './rule.ts'

export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'DEPRECATED' | 'ERROR' | 'CRITICAL'

/** A line without what differs from boot to boot: time, host, terminal escapes. */
export interface NormalLine {
  /** The message, beginning with the logger where there is one: `util.py[WARNING]: ...`. */
  text: string
  /** `systemd[1]`, from a journal line. */
  program: string | undefined
  level: Level | undefined
  /** Text after the level; what `text` says without its logger. */
  message: string
  /** Whether the line carries its own time: one that does not belongs to the line above, in logs where every entry has one. */
  stamped: boolean
}

const STAMP = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: - | )/
const SYSLOG =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) [^ ]{1,253} ([^ :[\]]{1,128}(?:\[\d{1,10}\])?): ?/
const MONOTONIC = /^(?:<\d{1,3}>)?\[ {0,8}\d{1,9}\.\d{1,9}\] ?/
const MONOTONIC_PROGRAM = /^[^ ]{1,253} ([^ :[\]]{1,128}\[\d{1,10}\]): /
const LOGGER = /^[A-Za-z0-9_.-]{1,80}\.py\[(DEBUG|INFO|WARNING|DEPRECATED|ERROR|CRITICAL)\]: /
const PROGRAM_IN_TEXT = /^([A-Za-z0-9_.@-]{1,80}\[\d{1,10}\]): /

/** Strips terminal escapes, carriage returns, time stamps and journal prefixes from one line of a log. */
export function normaliseLine(raw: string, kind: LogKind): NormalLine {
  let text = cleanText(raw).trimEnd()
  let stamped = false
  let program: string | undefined
  const strip = (prefix: RegExp): string | undefined => {
    const match = prefix.exec(text)
    if (!match) return undefined
    stamped = true
    text = text.slice(match[0].length)
    return match[1] ?? ''
  }
  if (kind === 'journal' || kind === 'console') {
    program = strip(SYSLOG) || undefined
    if (!program && strip(MONOTONIC) !== undefined) program = strip(MONOTONIC_PROGRAM) || undefined
    const inner = program ? null : PROGRAM_IN_TEXT.exec(text)
    if (inner?.[1]) {
      program = inner[1]
      text = text.slice(inner[0].length)
    }
  }
  strip(STAMP)
  const logger = LOGGER.exec(text)
  return {
    text,
    program,
    level: logger?.[1] as Level | undefined,
    message: logger ? text.slice(logger[0].length) : text,
    stamped,
  }
}

/** The kind of a log by the name of its file; the journal for names we do not know. */
export function logKindOf(file: string): LogKind {
  const name = file.split('/').at(-1)?.toLowerCase() ?? ''
  if (name.includes('ds-identify')) return 'ds-identify'
  if (name.includes('output')) return 'cloud-init-output.log'
  if (name.startsWith('cloud-init') && !name.includes('journal')) return 'cloud-init.log'
  if (name.includes('console') || name.includes('dmesg') || name.includes('serial') || name.includes('kern'))
    return 'console'
  return 'journal'
}

/**
 * The kind of a kept log that is worth judging, or undefined. The journal of an earlier boot and extracts of logs
 * are kept for people: judging them would count a line twice, or blame this boot for another.
 */
export function judgedLogKind(file: string): LogKind | undefined {
  const name = file.split('/').at(-1) ?? ''
  return /^(cloud-init(-output)?\.log|ds-identify\.log|console\.(txt|log)|journal\.(txt|log)|syslog(\.txt)?|messages(\.txt)?)$/.test(
    name,
  )
    ? logKindOf(name)
    : undefined
}
