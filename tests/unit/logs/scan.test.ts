import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  checkLogs,
  findingsToRecords,
  logKindOf,
  RuleSet,
  scanText,
  shippedLogRules,
  type LogRule,
} from '../../../src/logs/index.ts'
import { readLogRules } from '../../../src/logs/user-rules.ts'

let dir = ''
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'logs-'))))
afterAll(() => rm(dir, { recursive: true }))

const ids = (text: string, kind: Parameters<typeof scanText>[2] = 'cloud-init.log', context = {}) =>
  scanText(text, 'log', kind, context).findings.map((finding) => `${finding.line}:${finding.ruleId}x${finding.count}`)

const LOGEXC = `2026-11-22 01:11:17,600 - util.py[WARNING]: Running module locale (<module 'cloudinit.config.cc_locale' from 'x'>) failed
2026-11-22 01:11:17,601 - util.py[DEBUG]: Running module locale (<module 'cloudinit.config.cc_locale' from 'x'>) failed
Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/cloudinit/config/modules.py", line 246, in _run_modules
    ran, _r = cc.run(
cloudinit.subp.ProcessExecutionError: Unexpected error while running command.
Command: ['update-locale', 'LANG=en_US.UTF-8']
Stderr: *** update-locale: Error: invalid locale settings:  LANG=en_US.UTF-8
2026-11-22 01:11:17,700 - modules.py[DEBUG]: Running module ssh with frequency once-per-instance
`

test('a warning that is repeated with its traceback is one finding, named by its cause', () => {
  const [finding, ...rest] = scanText(LOGEXC, 'cloud-init.log', 'cloud-init.log').findings
  expect(rest).toEqual([])
  expect(finding).toMatchObject({ ruleId: 'ci-module-failed', line: 1, count: 1 })
  expect(finding?.text).toContain('update-locale: Error')
})

test('without its cause a traceback is still told, also below a DEBUG line', () => {
  expect(
    ids(
      LOGEXC.split('\n')
        .slice(1)
        .join('\n')
        .replaceAll(/Running module locale.*/g, 'odd')
        .replaceAll(/update-locale:.*/g, ''),
    ),
  ).toEqual(['1:ci-unexpected-cmdx1'])
  expect(
    ids('x\nTraceback (most recent call last):\n  File "a", line 1\nKeyError: 1\n', 'cloud-init-output.log'),
  ).toEqual(['2:ci-type-name-errorx1'])
})

test('DEBUG and INFO lines are not findings, whatever they say', () => {
  expect(
    ids(
      '2026-11-22 01:11:17,600 - util.py[DEBUG]: Applying SSH credentials failed!\n2026-11-22 01:11:17,600 - util.py[INFO]: Consuming user data failed!',
    ),
  ).toEqual([])
})

test('tracebacks in the journal are joined by program', () => {
  const journal = ['Traceback (most recent call last):', '  File "x", line 1, in y', 'AttributeError: no']
    .flatMap((line) => [`Nov 22 03:19:01.123456 vm cloud-init[411]: ${line}`])
    .join('\n')
  expect(ids(journal, 'journal')).toEqual(['1:ci-type-name-errorx1'])
})

test('an unknown warning is kept as such; an unknown unit failure is unclassified', () => {
  expect(ids('2026-11-22 01:11:17,600 - cc_odd.py[WARNING]: never seen before')).toEqual(['1:ci-level-warningx1'])
  expect(
    ids("2026-11-22T03:19:01+0000 vm systemd[1]: odd.service: Failed with result 'exit-code'.", 'journal'),
  ).toEqual(['1:unclassifiedx1'])
  expect(ids('ERROR: odd', 'ds-identify')).toEqual(['1:unclassifiedx1'])
})

const BINFMT = "Nov 22 03:19:01 vm systemd[1]: systemd-binfmt.service: Failed with result 'exit-code'."

test('an allowance holds only where it is known to hold', () => {
  expect(ids(BINFMT, 'journal', { container: true, init: 'systemd' })).toEqual([])
  expect(ids(BINFMT, 'journal', { container: false, init: 'systemd' })).toEqual(['1:unclassifiedx1'])
  expect(ids(BINFMT, 'journal')).toEqual(['1:unclassifiedx1'])
})

const rule = (fields: Partial<LogRule>): LogRule => ({
  id: 'r',
  severity: 'error',
  means: 'm',
  pattern: 'boom',
  source: 's',
  hits: ['boom'],
  misses: ['bang'],
  ...fields,
})

test.each([
  [
    'allow wins over critical',
    [rule({ id: 'a', severity: 'critical' }), rule({ id: 'b', severity: 'allow', reason: 'x' })],
    [],
  ],
  ['critical over error', [rule({ id: 'a', severity: 'error' }), rule({ id: 'b', severity: 'critical' })], ['b']],
  ['error over warn', [rule({ id: 'a', severity: 'warn' }), rule({ id: 'b', severity: 'error' })], ['b']],
  [
    'the cause over a general rule',
    [rule({ id: 'a', severity: 'critical', general: 2 }), rule({ id: 'b', severity: 'warn' })],
    ['b'],
  ],
  [
    'an expired allowance allows nothing',
    [rule({ id: 'a' }), rule({ id: 'b', severity: 'allow', reason: 'x', until: '2026-01-01' })],
    ['a'],
  ],
  [
    'a stale allowance allows nothing',
    [rule({ id: 'a' }), rule({ id: 'b', severity: 'allow', reason: 'x', stale: 'gone' })],
    ['a'],
  ],
  ['a rule for newer agents', [rule({ id: 'a', versions: '>=24.3' })], []],
  ['a rule for this agent', [rule({ id: 'a', versions: '>=22.4 <24' })], ['a']],
  ['a rule for another log', [rule({ id: 'a', where: ['console'] })], []],
])('%s', (_, rules, expected) => {
  const scan = scanText(
    'boom',
    'x',
    'journal',
    { agentVersion: '22.4.2-1+deb12u3', today: '2026-11-22' },
    new RuleSet(rules),
  )
  expect(scan.findings.map((finding) => finding.ruleId)).toEqual(expected)
})

test('the version is read from the log when nobody knows it', () => {
  const log =
    "2026-11-22 01:11:17,600 - util.py[DEBUG]: Cloud-init v. 22.4.2 running 'init-local' at Sun\n2026-11-22 01:11:18,600 - stages.py[WARNING]: Empty network config found"
  expect(ids(log)).toEqual(['2:ci-level-warningx1'])
  expect(ids(log.replace('22.4.2', '25.1'))).toEqual(['2:net-empty-configx1'])
})

test('hostile input: escapes, carriage returns, secrets, endless lines, floods', async () => {
  const scan = scanText(
    '2026-11-22 01:11:17,600 - util.py[WARNING]: \u001B[31m<script>\u202E password=hunter22\u0007\r',
    'l',
    'cloud-init.log',
  )
  expect(scan.findings[0]?.text).toBe('util.py[WARNING]: <script> password=***')
  const flood = Array.from(
    { length: 5000 },
    (_, i) => `cc_x.py[WARNING]: ${String.fromCharCode(97 + (i % 26))}${'y'.repeat(i % 90)}`,
  ).join('\n')
  const findings = scanText(flood, 'l', 'cloud-init.log').findings
  expect(findings.length).toBeLessThanOrEqual(20)
  expect(findings.reduce((sum, finding) => sum + finding.count, 0)).toBe(5000)
  const file = join(dir, 'cloud-init.log')
  await writeFile(file, `${'A'.repeat(3_000_000)}\nutil.py[ERROR]: after\n\u0000\u00FF\nlast.py[ERROR]: no newline`)
  const [read] = await checkLogs([{ path: file, name: 'cloud-init.log' }])
  expect(read?.findings.map((finding) => `${finding.line}:${finding.ruleId}`)).toEqual([
    '2:ci-level-error',
    '4:ci-level-error',
  ])
  await expect(checkLogs([{ path: join(dir, 'none') }])).rejects.toThrow(/cannot read the log/)
})

test('a log that somebody brings is unpacked up to the limit, and refused when it is no text', async () => {
  const scan = async (name: string, data: string | Uint8Array) => {
    await writeFile(join(dir, name), data)
    return (await checkLogs([{ path: join(dir, name), foreign: true }]))[0]
  }
  const packed = gzipSync(LOGEXC)
  expect((await scan('cloud-init.log.1.gz', packed))?.findings.map(({ ruleId }) => ruleId)).toEqual([
    'ci-module-failed',
  ])
  expect(await scan('empty.log', '')).toMatchObject({ lines: 0, truncated: false })
  expect(
    await scan('latin.log', Buffer.from('Grüße aus dem Gerät, eine ganz gewöhnliche Zeile', 'latin1')),
  ).toBeDefined()
  expect(await scan('console.log', `\0${'[    0.1] booting\n'.repeat(100)}`)).toMatchObject({ lines: 100 })
  const bomb = Buffer.concat(Array.from({ length: 5 }, () => gzipSync(`${'x'.repeat(1 << 20)}\n`.repeat(16))))
  expect(bomb.length).toBeLessThan(200_000)
  expect(await scan('bomb.gz', bomb)).toMatchObject({ lines: 64, truncated: true })
  await expect(scan('cut.gz', packed.subarray(0, -20))).rejects.toThrow(/cannot read the log .*cut\.gz: unexpected end/)
  for (const noise of [
    Buffer.from([0, 1, 2, 3]),
    gzipSync(Buffer.alloc(5000)),
    Buffer.from('BZh91AY&SY\xd8\xff\xfe\xf1', 'latin1'),
  ])
    await expect(scan('noise', noise)).rejects.toThrow(/noise is no log: it is not text/)
})

test('records: one per rule that hit, and a summary that is a miss when nothing was read', () => {
  const records = findingsToRecords([scanText(LOGEXC, 'cloud-init.log', 'cloud-init.log')], { subject: 'upgraded' })
  expect(records.map((record) => [record.id, record.status, record.severity])).toEqual([
    ['log-scan', 'pass', 'major'],
    ['log-ci-module-failed', 'fail', 'major'],
  ])
  expect(records[1]?.errors[0]?.at).toBe('cloud-init.log:1')
  expect(findingsToRecords([], { subject: 'image' })).toMatchObject([
    { id: 'log-scan', status: 'miss', reason: 'no line of any log could be read' },
  ])
})

test('logs are sorted by name', () => {
  expect(
    [
      'a/cloud-init.log',
      'cloud-init-output.log',
      'journal.txt',
      'cloud-init-journal.txt',
      'console.log',
      'dmesg.txt',
      'ds-identify.log',
      'unknown.txt',
    ].map((name) => logKindOf(name)),
  ).toEqual([
    'cloud-init.log',
    'cloud-init-output.log',
    'journal',
    'journal',
    'console',
    'console',
    'ds-identify',
    'journal',
  ])
})

test('rules of the user: good ones are read, bad ones are refused with their place', async () => {
  const file = join(dir, 'rules.yaml')
  const write = (extra: string) =>
    writeFile(
      file,
      `- id: my-rule\n  severity: error\n  means: x\n  source: y\n  hits: ['boom 1']\n  misses: ['boom x']\n${extra}`,
    )
  await write("  pattern: 'boom [0-9]'\n")
  const rules = await readLogRules(file)
  expect(scanText('boom 7', 'l', 'journal', {}, new RuleSet([...shippedLogRules, ...rules])).findings[0]?.ruleId).toBe(
    'my-rule',
  )
  await write("  pattern: 'boom'\n")
  await expect(readLogRules(file)).rejects.toThrow(/rules\.yaml:1:3: .*must not/)
  await write("  pattern: 'boom (?=1)'\n")
  await expect(readLogRules(file)).rejects.toThrow(/rules\.yaml:1:3: .*pattern "boom/)
  await write("  pattern: 'boom [0-9]'\n  colour: red\n")
  await expect(readLogRules(file)).rejects.toThrow(/rules\.yaml:1/)
  await write("  pattern: 'boom [0-9]\n")
  await expect(readLogRules(file)).rejects.toThrow(/rules\.yaml:\d+:\d+/)
})

test.each(['debian-12-container', 'debian-13-container'])(
  'the logs of a good boot (%s) hold no finding',
  async (name) => {
    const folder = new URL(`../../fixtures/logs/${name}/`, import.meta.url).pathname
    const files = ['cloud-init.log', 'ds-identify.log', 'journal.txt'].map((file) => ({
      path: join(folder, file),
      name: file,
    }))
    const scans = await checkLogs(files, { platform: 'lxd', distribution: 'debian', init: 'systemd', container: true })
    expect(scans.flatMap((scan) => scan.findings)).toEqual([])
    expect(scans.every((scan) => scan.lines > 20)).toBe(true)
  },
)
