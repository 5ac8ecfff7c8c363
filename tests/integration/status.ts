import { regression } from '../../src/testing/index.ts'
import { bootsInLog, cloudInitStatus, runFolder, versionAtLeast } from './probes/cloud-init.ts'

regression(
  'reg-ci-status-first',
  {
    title: 'cloud-init finished its first boot without an error',
    because:
      'a failed module is run only once per instance: after one reboot the same image reads `done`, so only the first boot tells',
    source: 'https://docs.cloud-init.io/en/latest/explanation/failure_states.html',
    severity: 'blocker',
    fix: 'read `cloud-init status --long` and /var/log/cloud-init.log of the first boot; the module named there failed',
  },
  async ({ instance, expect, signal, skip }) => {
    const status = await cloudInitStatus(instance, signal)
    if ((await bootsInLog(instance)) > 1) skip('this is not the first boot any more')
    expect(status.errors, 'errors that cloud-init reports').toEqual([])
    expect(status.status, `cloud-init status: ${status.detail}`).toBe('done')
  },
)

regression(
  'reg-ci-result',
  {
    title: 'cloud-init wrote its result, without errors, and marked the boot as finished',
    because: 'other services wait for these files, and an agent that died half-way leaves no status at all',
    source: 'https://docs.cloud-init.io/en/latest/explanation/return_codes.html and reference/cli.html#status',
    severity: 'blocker',
    fix: 'find the stage that did not end in /var/log/cloud-init.log; `systemctl status cloud-final` shows why it was not started',
  },
  async ({ instance, expect }) => {
    const folder = await runFolder(instance)
    const result: unknown = JSON.parse(await instance.root.readFile(`${folder}/result.json`))
    expect(result).toHaveProperty('v1.errors', [])
    const finished = await instance.root.probe`test -s /var/lib/cloud/instance/boot-finished`
    expect(finished.exitCode, '/var/lib/cloud/instance/boot-finished has content').toBe(0)
  },
)

regression(
  'reg-ci-units',
  {
    title: 'every unit of cloud-init ended with success',
    because: 'a stage that failed or never ran leaves an instance half set up, and later stages may hide it',
    source: 'https://docs.cloud-init.io/en/latest/explanation/boot.html',
    severity: 'blocker',
    applies: { init: ['systemd'] },
    fix: '`systemctl status` of the unit and the journal of this boot show the reason',
  },
  async ({ instance, expect }) => {
    const units = [
      'cloud-init-main',
      'cloud-init-local',
      'cloud-init',
      'cloud-init-network',
      'cloud-config',
      'cloud-final',
    ]
    const shown =
      await instance.sh`systemctl show -p Id -p LoadState -p Result -p ConditionResult -p InactiveExitTimestampMonotonic ${units.map((name) => `${name}.service`)}`
    const loaded = shown
      .split('\n\n')
      .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split('=', 2) as [string, string])))
      .filter((unit) => unit.LoadState === 'loaded')
    expect(loaded.length, 'loaded units of cloud-init').toBeGreaterThanOrEqual(4)
    // `is-active` says "inactive" for one-shot units and "active" before they ran: result and start time tell.
    const bad = loaded.filter((unit) => unit.Result !== 'success' || unit.InactiveExitTimestampMonotonic === '0')
    expect(bad.map((unit) => `${unit.Id}: ${unit.Result}, started at ${unit.InactiveExitTimestampMonotonic}`)).toEqual(
      [],
    )
  },
)

regression(
  'reg-ci-datasource',
  {
    title: 'cloud-init found the datasource and the cloud id of the platform',
    because:
      'with another datasource the instance gets no keys, no hostname and no user-data, or those of somebody else',
    source: 'https://docs.cloud-init.io/en/latest/reference/datasources.html',
    severity: 'blocker',
    fix: 'compare `cloud-init query ds` and /run/cloud-init/ds-identify.log with datasource_list in /etc/cloud',
  },
  async ({ instance, expect, expected, skip, signal }) => {
    const wanted = expected.cloudInitDatasource ?? skip('no datasource is declared for this platform')
    const status = await cloudInitStatus(instance, signal)
    expect(status.datasource.toLowerCase(), `datasource, by ${wanted.source}`).toBeOneOf(
      wanted.value.datasources.map((name) => name.toLowerCase()),
    )
    const cloudId = await instance.root.sh`cloud-id`
    expect(cloudId, 'what cloud-id prints').toBeOneOf(wanted.value.cloudIds)
  },
)

regression(
  'reg-ci-dsidentify',
  {
    title: 'ds-identify recognised the datasource by itself',
    because:
      'otherwise cloud-init is not started at all, or asks every datasource over the network and boots minutes later',
    source:
      'https://docs.cloud-init.io/en/latest/explanation/boot.html#boot-stages and tools/ds-identify in the source',
    severity: 'major',
    applies: { init: ['systemd'] },
    fix: 'read /run/cloud-init/ds-identify.log; set datasource_list in /etc/cloud/cloud.cfg.d',
  },
  async ({ instance, expect, skip }) => {
    const log = await instance.root.readFile(`${await runFolder(instance)}/ds-identify.log`)
    if (/single entry in datasource.list|DSLIST=\S+\s*$/im.test(log) && !/\nFound /.test(log))
      skip('datasource_list has one entry, nothing had to be identified')
    expect(log, 'the log of ds-identify').toMatch(/Found (single|\d+) datasources?/)
    // The generator runs again whenever units are reloaded, reads its environment where there is one, and sees that it is done.
    const lines = log.trimEnd().split('\n')
    while (lines.at(-1)?.startsWith('WARN: loading environment file [')) lines.pop()
    expect(lines.at(-1), `its end; all of it:\n${log.slice(-4000)}`).toMatch(/returning 0\s*$/)
  },
)

regression(
  'reg-ci-schema',
  {
    title: 'the configuration the instance booted with is valid',
    because: 'keys with a typing error are ignored in silence by older versions and are errors in newer ones',
    source: 'https://docs.cloud-init.io/en/latest/howto/debug_user_data.html',
    severity: 'major',
    fix: '`cloud-init schema --system` names the key and the line',
  },
  async ({ instance, expect, skip, signal }) => {
    const { version } = await cloudInitStatus(instance, signal)
    if (version && !versionAtLeast(version, '22.2'))
      skip(`cloud-init ${version} has no schema command for the running system`)
    const result = await instance.root.probe`cloud-init schema --system`
    expect(result.exitCode, `${result.stdout}${result.stderr}`.slice(-2000)).toBe(0)
  },
)
