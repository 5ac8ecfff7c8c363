import type { Finding, LogContext } from '../../logs/index.ts'
import { EXIT } from '../../results/status.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'

const KINDS = ['cloud-init.log', 'cloud-init-output.log', 'journal', 'console', 'ds-identify'] as const

export default defineCommand({
  name: 'check-logs',
  args: 'FILE...',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Scans log files by the log rules: cloud-init.log, cloud-init-output.log, journal, console and ds-identify, told apart by their names. Exit code 1 when a line means an error.',
  options: {
    kind: { type: 'string', choices: KINDS, text: 'what the files are, when their names do not tell' },
    rules: { type: 'string', multiple: true, value: 'FILE', text: 'more log rules, a YAML list' },
    platform: { type: 'string', value: 'NAME', text: 'where the machine ran; some rules apply to some platforms only' },
    distribution: { type: 'string', value: 'NAME', text: 'what the machine ran, for example debian' },
    datasource: { type: 'string', value: 'NAME', text: 'the cloud-init datasource, for example nocloud' },
    'agent-version': { type: 'string', value: 'VERSION', text: 'default: as the logs say' },
    container: { type: 'boolean', text: 'the machine was a container' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness check-logs /var/log/cloud-init.log',
    'journalctl -b -o short-iso > journal.log; harness check-logs journal.log',
  ],
  async run({ options, args }) {
    const { checkLogs, readLogRules, RuleSet, shippedLogRules } = await import('../../logs/index.ts')
    const more = (await Promise.all((options.rules ?? []).map(readLogRules))).flat()
    const context: LogContext = {
      ...(options.platform ? { platform: options.platform } : {}),
      ...(options.distribution ? { distribution: options.distribution } : {}),
      ...(options.datasource ? { datasource: options.datasource } : {}),
      ...(options['agent-version'] ? { agentVersion: options['agent-version'] } : {}),
      ...(options.container ? { container: true } : {}),
    }
    const files = args.map((path) => ({ path, ...(options.kind ? { kind: options.kind } : {}) }))
    const scans = await checkLogs(files, context, new RuleSet([...shippedLogRules, ...more]))
    const findings = scans.flatMap((scan) => scan.findings)
    if (options.json) await printJson(scans)
    else
      await print(
        text(
          findings,
          scans.reduce((sum, scan) => sum + scan.lines, 0),
        ),
      )
    return findings.some(({ severity }) => severity === 'critical' || severity === 'error') ? EXIT.fail : EXIT.pass
  },
})

function text(findings: readonly Finding[], lines: number): string {
  if (findings.length === 0) return `${lines} lines, nothing that a good boot does not say`
  return findings
    .map(({ ruleId, severity, means, file, line, text: found, count }) => {
      const times = count > 1 ? `, ${count} times` : ''
      return `${file}:${line}: ${severity} ${ruleId}: ${means}${times}\n    ${found.split('\n').slice(0, 3).join('\n    ')}`
    })
    .join('\n')
}
