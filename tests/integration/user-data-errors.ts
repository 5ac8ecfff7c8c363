import { regression } from '../../src/testing/index.ts'
import { cloudInitStatus, versionAtLeast } from './probes/cloud-init.ts'

const BROKEN = `#cloud-config-archive
- type: text/cloud-config
  content: |
    #cloud-config
    runcmd: [unclosed
- type: text/x-shellscript
  filename: harness-good-part.sh
  content: |
    #!/bin/sh
    echo ran > /var/lib/harness-good-part
- type: text/x-harness-unknown
  content: |
    nobody handles this
`

regression(
  'reg-mod-userdata-broken',
  {
    title: 'a part of user-data that cannot be read is reported, and everything else still works',
    because: 'one typing error must not cost the login to the machine',
    source: 'https://docs.cloud-init.io/en/latest/explanation/failure_states.html',
    severity: 'major',
    instance: 'own',
    group: 'broken-user-data',
    userData: BROKEN,
    fix: 'see how /var/log/cloud-init.log names the broken part; upgrade cloud-init',
  },
  async ({ instance, expect }) => {
    expect((await instance.root.readFile('/var/lib/harness-good-part')).trim(), 'what the good part wrote').toBe('ran')
    const log = await instance.root.readFile('/var/log/cloud-init.log')
    expect(log, 'the log says that a part is broken').toMatch(
      /\[(?:WARNING|ERROR)\]: (?:Failed (?:at merging in cloud config part|loading yaml blob)|.*(?:Invalid|Unhandled|failed))/,
    )
    expect(log, 'the log names the unknown type').toMatch(/text\/x-harness-unknown/)
    const finished = await instance.root.probe`test -s /var/lib/cloud/instance/boot-finished`
    expect(finished.exitCode, 'the boot was finished').toBe(0)
  },
)

regression(
  'reg-ci-status-rc',
  {
    title: 'the exit code of `cloud-init status` tells a recoverable error as this version documents it',
    because: 'automation decides by it; 2 came with 23.4, and some distributions keep 0',
    source: 'https://docs.cloud-init.io/en/latest/explanation/return_codes.html',
    severity: 'major',
    instance: 'own',
    group: 'broken-user-data',
    userData:
      '#cloud-config\nmerge_how: list(append)+dict(no_replace,recurse_list)+str()\nruncmd:\n  - [sh, -c, ": harness"]\nharness_unknown_key: 1\n',
    fix: 'see which patch of the distribution changes the exit code, and declare it',
  },
  async ({ instance, expect, signal }) => {
    const status = await cloudInitStatus(instance, signal)
    const recoverable = versionAtLeast(status.version, '23.4')
    expect(status.exitCode, `exit code of cloud-init ${status.version} after a recoverable error`).toBe(
      recoverable ? 2 : 0,
    )
    if (!recoverable) return
    expect(status.extendedStatus).toBe('degraded done')
    expect(Object.values(status.recoverableErrors).flat(), 'recoverable errors').not.toEqual([])
  },
)
