import type { LogContext, LogScan } from '../../logs/index.ts'
import { EXIT } from '../../results/status.ts'
import { defineCommand } from '../command.ts'
import { mustBeDatasource, mustBeDistribution, mustBePlatform } from '../known-names.ts'
import { print, printJson } from '../output.ts'

const KINDS = ['cloud-init.log', 'cloud-init-output.log', 'journal', 'console', 'ds-identify'] as const

export default defineCommand({
  name: 'check-logs',
  args: 'FILE...',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Scans log files by the log rules: cloud-init.log, cloud-init-output.log, journal, console and ds-identify, told apart by their names. Files packed by gzip are unpacked. Exit code 1 when a line means an error, 3 when every file is empty.',
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
    'harness check-logs /var/log/syslog*',
  ],
  async run({ options, args }) {
    const { checkLogs, readLogRules, RuleSet, shippedLogRules } = await import('../../logs/index.ts')
    const more = (await Promise.all((options.rules ?? []).map(readLogRules))).flat()
    const rules = [...shippedLogRules, ...more]
    const scopes = rules.flatMap(({ scope }) => scope ?? [])
    await mustBePlatform(options.platform, scopes)
    await mustBeDistribution(options.distribution, scopes)
    mustBeDatasource(options.datasource, scopes)
    const context: LogContext = {
      ...(options.platform ? { platform: options.platform } : {}),
      ...(options.distribution ? { distribution: options.distribution } : {}),
      ...(options.datasource ? { datasource: options.datasource } : {}),
      ...(options['agent-version'] ? { agentVersion: options['agent-version'] } : {}),
      ...(options.container ? { container: true } : {}),
    }
    const files = args.map((path) => ({ path, foreign: true, ...(options.kind ? { kind: options.kind } : {}) }))
    const scans = await checkLogs(files, context, new RuleSet(rules))
    const findings = scans.flatMap((scan) => scan.findings)
    if (options.json) await printJson(scans)
    else await print(text(scans))
    if (scans.every(({ lines }) => lines === 0)) return EXIT.miss
    return findings.some(({ severity }) => severity === 'critical' || severity === 'error') ? EXIT.fail : EXIT.pass
  },
})

function text(scans: readonly LogScan[]): string {
  const findings = scans
    .flatMap((scan) => scan.findings)
    .map(({ ruleId, severity, means, file, line, text: found, count }) => {
      const times = count > 1 ? `, ${count} times` : ''
      return `${file}:${line}: ${severity} ${ruleId}: ${means}${times}\n    ${found.split('\n').slice(0, 3).join('\n    ')}`
    })
  const lines = scans.reduce((sum, scan) => sum + scan.lines, 0)
  return [
    ...findings,
    ...scans.flatMap(({ file, lines: read, truncated }) => [
      ...(read === 0 ? [`${file} is empty`] : []),
      ...(truncated ? [`${file}: only its first 64 MiB were read`] : []),
    ]),
    ...(findings.length === 0 && lines > 0 ? [`${lines} lines, nothing that a good boot does not say`] : []),
  ].join('\n')
}
