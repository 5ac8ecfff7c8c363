import { regression } from '../../../src/testing/index.ts'
import { survived } from '../probes/crossing.ts'
import { cloudConfig } from '../probes/user-data.ts'
import { guestReboot } from './reboot.ts'

const LOG = '/var/lib/harness-order.log'
const note = (what: string) => `echo "$(cat /proc/sys/kernel/random/boot_id) ${what}" >> ${LOG}`

regression(
  'reg-mod-scripts',
  {
    title: 'bootcmd, runcmd and scripts per boot, instance and once run in their order and as often as they should',
    because: 'a script that runs twice formats a disk twice; one that runs never is a machine that is not set up',
    source: 'https://docs.cloud-init.io/en/latest/explanation/boot.html and reference/modules.html#scripts-per-boot',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    disruptive: true,
    timeoutMs: 240_000,
    applies: { capabilities: ['reboot'] },
    userData: cloudConfig(`
      bootcmd:
        - [sh, -c, '${note('bootcmd')}']
      runcmd:
        - [sh, -c, '${note('runcmd')}']
      write_files:
        - path: /var/lib/cloud/scripts/per-once/harness
          permissions: '0755'
          content: |
            #!/bin/sh
            ${note('once')}
        - path: /var/lib/cloud/scripts/per-boot/harness
          permissions: '0755'
          content: |
            #!/bin/sh
            ${note('boot')}
        - path: /var/lib/cloud/scripts/per-instance/harness
          permissions: '0755'
          content: |
            #!/bin/sh
            ${note('instance')}
    `),
    fix: 'compare the semaphores below /var/lib/cloud/instance/sem and /var/lib/cloud/sem with the log of the modules',
  },
  async ({ instance, expect, signal, skip }) => {
    const { before, after } = await survived(guestReboot(instance, signal), skip)
    const lines = (await instance.root.readFile(LOG)).trim().split('\n')
    const of = (bootId: string) =>
      lines.filter((line) => line.startsWith(bootId)).map((line) => line.slice(bootId.length + 1))
    expect(of(before.bootId), 'on the first boot').toEqual(['bootcmd', 'once', 'boot', 'instance', 'runcmd'])
    expect(of(after.bootId), 'on the second boot').toEqual(['bootcmd', 'boot'])
  },
)
