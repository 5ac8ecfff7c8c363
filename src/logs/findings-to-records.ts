import type { CheckRecord, Severity } from '../results/check-record.ts'
import type { Finding, LogScan } from './scan.ts'

const SEVERITY: Readonly<Record<Finding['severity'], Severity>> = {
  critical: 'blocker',
  error: 'major',
  warn: 'minor',
  info: 'minor',
}
const MAX_EXAMPLES = 5

export interface LogRecordOptions {
  subject: CheckRecord['subject']
  /** Default false. */
  baseline?: boolean
  durationMs?: number
}

/**
 * What the logs say, as results: one record per rule that found something, and `log-scan` for the reading itself.
 * `critical` is a blocker, `error` major, `warn` minor; `info` is told but judges nothing. Rules that found nothing are not listed.
 * When no log could be read, `log-scan` is a miss: silence is not a clean log.
 */
export function findingsToRecords(scans: readonly LogScan[], options: LogRecordOptions): CheckRecord[] {
  const byRule = Map.groupBy(
    scans.flatMap((scan) => scan.findings),
    (finding) => finding.ruleId,
  )
  const records = [...byRule].map(([ruleId, findings]) => ruleRecord(ruleId, findings, options))
  return [scanRecord(scans, options), ...records.sort((a, b) => a.id.localeCompare(b.id))]
}

function scanRecord(scans: readonly LogScan[], options: LogRecordOptions): CheckRecord {
  const lines = scans.reduce((sum, scan) => sum + scan.lines, 0)
  return {
    ...common('log-scan', 'the logs were collected and read', 'major', options),
    status: lines > 0 ? 'pass' : 'miss',
    ...(lines > 0 ? {} : { reason: 'no line of any log could be read' }),
    errors: [],
    durationMs: options.durationMs ?? 0,
    measurements: [
      { name: 'log-lines', value: lines, unit: 'count' },
      {
        name: 'log-lines-allowed',
        value: scans.flatMap((scan) => Object.values(scan.allowed)).reduce((a, b) => a + b, 0),
        unit: 'count',
      },
    ],
  }
}

function ruleRecord(ruleId: string, findings: readonly Finding[], options: LogRecordOptions): CheckRecord {
  const [first] = findings
  const severity = first?.severity ?? 'error'
  return {
    ...common(`log-${ruleId}`, `no log shows that ${first?.means ?? ruleId}`, SEVERITY[severity], options),
    status: severity === 'info' ? 'done' : 'fail',
    about: {
      because: `a line like this means that ${first?.means ?? 'something is wrong'}`,
      source: first?.source ?? '',
    },
    errors: findings
      .slice(0, MAX_EXAMPLES)
      .map((finding) => ({ message: sentence(finding), actual: finding.text, at: `${finding.file}:${finding.line}` })),
    attachments: [...new Set(findings.map((finding) => finding.file))],
    measurements: [
      { name: 'log-findings', value: findings.reduce((sum, finding) => sum + finding.count, 0), unit: 'count' },
    ],
  }
}

function sentence(finding: Finding): string {
  const [head = ''] = finding.text.split('\n')
  return `${head.slice(0, 300)}${finding.count > 1 ? ` (${finding.count} times)` : ''}`
}

function common(id: string, title: string, severity: Severity, options: LogRecordOptions) {
  return {
    id,
    suite: 'logs' as const,
    title,
    severity,
    subject: options.subject,
    baseline: options.baseline ?? false,
    errors: [],
    durationMs: 0,
  }
}
