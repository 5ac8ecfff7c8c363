import { normaliseLine, type NormalLine } from './normalise.ts'
import type { LogKind } from './rule.ts'

/** One entry of a log: a header and the lines that belong to it, such as a traceback. */
export interface LogEntry {
  /** Of the header, counted from 1. */
  line: number
  header: NormalLine
  /** Following lines, normalised: the text only. */
  body: string[]
}

const MAX_BODY_LINES = 200
const TRACEBACK = /^Traceback \(most recent call last\):/

/**
 * Groups lines that arrive one by one into entries. In cloud-init.log every entry begins with a time; elsewhere only
 * tracebacks span lines, from their header to the line that names the exception.
 */
export class EntryGrouper {
  private readonly kind: LogKind
  private open: LogEntry | undefined
  private inTraceback = false

  constructor(kind: LogKind) {
    this.kind = kind
  }

  /** Takes a line; returns the entry it completes, if any. */
  push(raw: string, number: number): LogEntry[] {
    const line = normaliseLine(raw, this.kind)
    if (this.open && this.belongsToOpen(line)) {
      if (this.open.body.length < MAX_BODY_LINES || isException(line.text)) this.open.body.push(line.text)
      return []
    }
    if (line.text === '') return []
    const complete = this.end()
    this.open = { line: number, header: line, body: [] }
    this.inTraceback = TRACEBACK.test(line.text)
    return complete
  }

  end(): LogEntry[] {
    const entry = this.open
    this.open = undefined
    this.inTraceback = false
    return entry ? [entry] : []
  }

  private belongsToOpen(line: NormalLine): boolean {
    if (this.inTraceback && line.program === this.open?.header.program && line.level === undefined) {
      if (/^\s/.test(line.text) || line.text === '' || /^(During handling|The above exception)/.test(line.text))
        return true
      if (TRACEBACK.test(line.text)) return true
      if (isException(line.text)) {
        this.inTraceback = false
        return true
      }
      this.inTraceback = false
      return false
    }
    // A header is followed at once by its traceback, also where lines carry the prefix of the journal.
    if (
      TRACEBACK.test(line.text) &&
      this.open?.header.level !== undefined &&
      line.program === this.open.header.program
    ) {
      this.inTraceback = true
      return true
    }
    return this.kind === 'cloud-init.log' && !line.stamped && this.open?.header.stamped === true
  }
}

function isException(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.]{0,120}(Error|Exception|Interrupt|Exit|Warning|Fault)\b/.test(text)
}
