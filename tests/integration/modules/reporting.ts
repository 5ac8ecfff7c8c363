import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

regression(
  'reg-mod-reporting',
  {
    title: 'the final message of user-data is reported when cloud-init has finished',
    because: 'provisioning tools wait for it on the console or in the log',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#final-message',
    severity: 'minor',
    instance: 'own',
    group: 'modules',
    userData: cloudConfig(`
      final_message: harness-final-message from $datasource with $version
    `),
    fix: 'see the final_message module in /var/log/cloud-init.log',
  },
  async ({ instance, expect }) => {
    const output = await instance.root.run('cat /var/log/cloud-init-output.log', { check: true })
    const line = output.stdout.split('\n').find((text) => text.includes('harness-final-message')) ?? ''
    expect(line, 'the message in the output log').toMatch(/harness-final-message from DataSource\S+.* with \d/)
  },
)

regression(
  'reg-ci-wait',
  {
    title: '`cloud-init status` says "running" while scripts of the user run, and --wait ends when they have ended',
    because: 'a status that is done too early starts the workload before its machine is ready',
    source: 'https://bugs.launchpad.net/cloud-init/+bug/1966085',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    userData: cloudConfig(`
      runcmd:
        - [sh, -c, 'cloud-init status > /var/lib/harness-status-during 2>&1; :']
    `),
    fix: 'upgrade cloud-init; nothing in the image can repair it',
  },
  async ({ instance, expect }) => {
    expect(
      await instance.root.readFile('/var/lib/harness-status-during'),
      'status seen by a script of the final stage',
    ).toMatch(/^status: running/m)
    const waited = await instance.root.run('cloud-init status --wait', { deadline: '20 seconds' })
    expect(waited.stdout, 'status after the boot').toMatch(/status: (?:done|error|degraded)/)
    expect(waited.durationMs, 'milliseconds that --wait took after the end').toBeLessThan(
      15_000 * (instance.machine.pace ?? 1),
    )
  },
)
