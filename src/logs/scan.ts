import { EntryGrouper, type LogEntry } from './entries.ts'
import type { NormalLine } from './normalise.ts'
import { capText } from '../core/text.ts'
import { redact } from '../core/redact.ts'
import type { LogContext, LogKind, LogRule, RuleSeverity } from './rule.ts'
import { decide, ruleApplies, type RuleSet } from './rule-set.ts'

/** Something a log says that a good boot does not say. Equal lines of one file are one finding. */
export interface Finding {
  /** Id of the rule, or `unclassified` for a line of level WARNING or above that no rule knows. */
  ruleId: string
  severity: Exclude<RuleSeverity, 'allow'>
  means: string
  source: string
  /** As given by the caller, usually relative to the run folder. */
  file: string
  /** Of the first occurrence, counted from 1. */
  line: number
  /** First occurrence, cleaned, masked and capped; not escaped. */
  text: string
  count: number
}

export interface LogScan {
  file: string
  kind: LogKind
  lines: number
  /** True when the file was larger than the harness reads. */
  truncated: boolean
  findings: Finding[]
  /** Lines that an `allow` rule took away, by rule. */
  allowed: Record<string, number>
  agentVersion?: string
}

const COUNTED = new Set(['WARNING', 'DEPRECATED', 'ERROR', 'CRITICAL'])
const MAX_DISTINCT = 20
const MAX_EXCERPT = 1500
const AGENT_VERSION = /^Cloud-init v\. (\d[^ ]{0,60}) (?:running|finished)/

/** Judges one log, entry by entry. Feed it lines, then ask for the result. */
export class LogScanner {
  private readonly grouper: EntryGrouper
  private readonly findings = new Map<string, Finding>()
  private readonly perRule = new Map<string, number>()
  private readonly allowed: Record<string, number> = {}
  private context: LogContext
  private lines = 0
  private held: LogEntry | undefined
  private readonly file: string
  private readonly kind: LogKind
  private readonly rules: RuleSet

  constructor(file: string, kind: LogKind, rules: RuleSet, context: LogContext) {
    this.file = file
    this.kind = kind
    this.rules = rules
    this.context = context
    this.grouper = new EntryGrouper(kind)
  }

  push(line: string): void {
    this.lines++
    for (const entry of this.grouper.push(line, this.lines)) this.take(entry)
  }

  end(truncated = false): LogScan {
    for (const entry of this.grouper.end()) this.take(entry)
    this.release()
    const { agentVersion } = this.context
    return {
      file: this.file,
      kind: this.kind,
      lines: this.lines,
      truncated,
      findings: [...this.findings.values()].sort((a, b) => a.line - b.line),
      allowed: this.allowed,
      ...(agentVersion === undefined ? {} : { agentVersion }),
    }
  }

  /** Holds an entry back by one: cloud-init repeats a warning at level DEBUG to add the traceback. */
  private take(entry: LogEntry): void {
    const version = this.context.agentVersion === undefined ? AGENT_VERSION.exec(entry.header.message) : null
    if (version?.[1]) this.context = { ...this.context, agentVersion: version[1] }
    const held = this.held
    if (held && entry.header.level === 'DEBUG' && entry.header.message === held.header.message) {
      held.body.push(...entry.body)
      return
    }
    this.release()
    this.held = entry
  }

  private release(): void {
    const entry = this.held
    this.held = undefined
    if (!entry) return
    const { header, body } = entry
    const quiet = header.level !== undefined && !COUNTED.has(header.level)
    const traceback = body.findIndex((text) => text.startsWith('Traceback '))
    if (quiet && traceback < 0) return
    const texts = quiet ? body.slice(traceback) : [...forms(header), ...body]
    const matching = new Set(texts.flatMap((text) => this.rules.matching(text)))
    const rule = decide([...matching].filter((candidate) => ruleApplies(candidate, this.kind, this.context)))
    if (rule?.severity === 'allow') this.allowed[rule.id] = (this.allowed[rule.id] ?? 0) + 1
    else if (rule) this.add(rule, entry)
    else if (soundsWrong(header, this.kind)) this.add(UNCLASSIFIED, entry)
  }

  private add(rule: Pick<LogRule, 'id' | 'severity' | 'means' | 'source'>, entry: LogEntry): void {
    if (rule.severity === 'allow') return
    const shape = entry.header.text.replace(/[0-9]+/g, '0')
    const distinct = this.perRule.get(rule.id) ?? 0
    const key =
      distinct >= MAX_DISTINCT
        ? [...this.findings.keys()].findLast((known) => known.startsWith(`${rule.id}\n`))
        : `${rule.id}\n${shape}`
    const known = this.findings.get(key ?? '') ?? this.findings.get(`${rule.id}\n${shape}`)
    if (known) {
      known.count++
      return
    }
    this.perRule.set(rule.id, distinct + 1)
    this.findings.set(`${rule.id}\n${shape}`, {
      ruleId: rule.id,
      severity: rule.severity,
      means: rule.means,
      source: rule.source,
      file: this.file,
      line: entry.line,
      text: redact(capText([forms(entry.header).at(-1) ?? '', ...entry.body].join('\n'), MAX_EXCERPT)),
      count: 1,
    })
  }
}

/** What a line of level WARNING or above becomes when no rule knows it. It stays a failure until someone decides what it is. */
export const UNCLASSIFIED = {
  id: 'unclassified',
  severity: 'error',
  means: 'something is wrong that no rule knows',
  source: 'the rules of the harness',
} as const

/** A line of the journal is judged with and without the name of its program. */
function forms(line: NormalLine): string[] {
  return line.program ? [line.text, `${line.program}: ${line.text}`] : [line.text]
}

function soundsWrong(line: NormalLine, kind: LogKind): boolean {
  if (line.level !== undefined) return line.level !== 'DEPRECATED'
  switch (kind) {
    case 'ds-identify':
      return /^(WARN|WARNING|ERROR|FATAL): /.test(line.text)
    case 'cloud-init-output.log':
      return /^(E: |ERROR[: ]|CRITICAL[: ]|\[(WARNING|ERROR|CRITICAL)\])/.test(line.text)
    case 'journal':
    case 'console':
      return /^systemd(\[|$)/.test(line.program ?? '') && /^[^ ]+: Failed with result /.test(line.text)
    case 'cloud-init.log':
      return false
  }
}
