import { regression } from '../../src/testing/index.ts'
import { cloudInitStatus, readLogs, versionAtLeast } from './probes/cloud-init.ts'

regression(
  'reg-ci-no-traceback',
  {
    title: 'no Python traceback in the logs of cloud-init',
    because: 'a traceback is a bug, even when the stage goes on; it is the first thing its authors look for',
    source: 'https://docs.cloud-init.io/en/latest/howto/debugging.html',
    severity: 'blocker',
    fix: 'the last line of the traceback in /var/log/cloud-init.log names the exception; report it to the agent',
  },
  async ({ instance, expect, attach }) => {
    const blocks = tracebacks(await readLogs(instance))
    if (blocks.length > 0) attach('tracebacks.txt', blocks.join('\n\n'))
    expect(
      blocks.map((block) => block.split('\n').at(-1)),
      'last lines of tracebacks',
    ).toEqual([])
  },
)

regression(
  'reg-ci-no-warnings',
  {
    title: 'cloud-init logged no unexpected warning or error',
    because: 'warnings are what users see at the end of a boot, and often the only trace of a feature that was dropped',
    source: 'https://docs.cloud-init.io/en/latest/explanation/failure_states.html#recoverable-failure',
    severity: 'major',
    fix: 'repair what the message names, or list it with its reason as tolerated for the platform',
  },
  async ({ instance, expect, expected, signal }) => {
    const status = await cloudInitStatus(instance, signal)
    const reported = Object.entries(status.recoverableErrors)
      .filter(([level]) => level !== 'DEPRECATED')
      .flatMap(([level, messages]) => messages.map((message) => `${level}: ${message}`))
    const messages = versionAtLeast(status.version, '23.4') ? reported : loggedWarnings(await readLogs(instance))
    const tolerated = (expected.toleratedCloudInitMessages?.value ?? []).map((entry) => new RegExp(entry.pattern))
    expect(messages.filter((message) => !tolerated.some((pattern) => pattern.test(message)))).toEqual([])
  },
)

regression(
  'reg-ci-no-deprecations',
  {
    title: "the image's own configuration uses no deprecated keys",
    because:
      'deprecated keys stop working some releases later, and each one makes the status of every instance "degraded"',
    source: 'https://docs.cloud-init.io/en/latest/explanation/return_codes.html',
    severity: 'minor',
    fix: 'replace the key named in the message in /etc/cloud/cloud.cfg or cloud.cfg.d',
  },
  async ({ instance, expect, skip, signal }) => {
    const status = await cloudInitStatus(instance, signal)
    if (!versionAtLeast(status.version, '23.4')) skip(`cloud-init ${status.version} does not report deprecations`)
    expect(status.recoverableErrors.DEPRECATED ?? []).toEqual([])
  },
)

regression(
  'reg-ci-no-secrets',
  {
    title: 'no password or private key is in the logs, and sensitive instance data is for root only',
    because: 'logs are copied to places where many people read them',
    source:
      'https://bugs.launchpad.net/cloud-init/+bug/1918303 and https://docs.cloud-init.io/en/latest/explanation/instancedata.html',
    severity: 'blocker',
    fix: 'upgrade cloud-init (from 21.2 on passwords do not reach the log); chmod 600 the file named',
  },
  async ({ instance, expect }) => {
    const logs = await readLogs(instance)
    const leaks = [
      /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
      /Changed the password of: [^\n]*:\S{8,}/i,
      /\$(?:6|y|2b)\$[^\s'"]{20,}/,
      /chpasswd[^\n]*\binput\b[^\n]*:\S{8,}/i,
    ]
    expect(leaks.filter((pattern) => pattern.test(logs)).map(String), 'patterns of secrets found in the logs').toEqual(
      [],
    )
    const files = [
      '/run/cloud-init/instance-data-sensitive.json',
      '/var/lib/cloud/instance/user-data.txt',
      '/var/lib/cloud/instance/cloud-config.txt',
    ]
    const listed = await instance.root.sh`for f in ${files}; do [ -e "$f" ] && stat -L -c '%a %n' "$f"; done; :`
    expect(listed, 'sensitive files that exist').not.toBe('')
    expect(
      listed.split('\n').filter((line) => !/^[0-7]?[0-7]00 /.test(line)),
      'sensitive files others may read',
    ).toEqual([])
  },
)

regression(
  'reg-ci-collect-logs',
  {
    title: 'cloud-init collect-logs makes an archive that can be read',
    because: 'it is what support and developers ask for first',
    source: 'https://docs.cloud-init.io/en/latest/reference/cli.html#collect-logs',
    severity: 'minor',
    fix: 'run `cloud-init collect-logs` by hand; a file it wants is missing or a command hangs',
  },
  async ({ instance, expect }) => {
    const result = await instance.root.run(
      `folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
       cloud-init collect-logs --tarfile "$folder/logs.tar.gz" >&2 || exit 10
       gzip -dc "$folder/logs.tar.gz" | tar -tf - || exit 11`,
      { deadline: '60 seconds' },
    )
    expect(result.exitCode, result.stderr.slice(-1000)).toBe(0)
    expect(result.stdout, 'names in the archive').toMatch(/cloud-init\.log/)
  },
)

/** Each traceback with its indented lines and the exception that ends it. */
export function tracebacks(log: string): string[] {
  const lines = log.split('\n')
  const found: string[] = []
  for (const [index, line] of lines.entries()) {
    if (!/^\s*Traceback \(most recent call last\):/.test(line)) continue
    let end = index + 1
    while (end < lines.length && /^\s/.test(lines[end] ?? '')) end++
    found.push(lines.slice(index, end + 1).join('\n'))
  }
  return found
}

// The same failure is logged as WARNING and again as DEBUG with its traceback, so levels are counted, not words.
export function loggedWarnings(log: string): string[] {
  return log
    .split('\n')
    .map((line) => /^\S+ \S+ - \S+\[(WARNING|ERROR|CRITICAL)\]: (.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => `${match[1]}: ${match[2]}`)
}
