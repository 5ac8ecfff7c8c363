import { regression } from '../../../src/testing/index.ts'
import { survived } from '../probes/crossing.ts'
import { cloudConfig } from '../probes/user-data.ts'
import { guestReboot } from './reboot.ts'

const NAME = 'harness-modules'
const FQDN = 'harness-modules.example.test'

regression(
  'reg-mod-hostname',
  {
    title: 'hostname and domain name are set as asked, and stay over a reboot',
    because: 'certificates, mail and clusters are built on them; DHCP clients like to overwrite them',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#set-hostname',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    disruptive: true,
    timeoutMs: 240_000,
    applies: { capabilities: ['reboot'] },
    userData: cloudConfig(`
      hostname: ${NAME}
      fqdn: ${FQDN}
      prefer_fqdn_over_hostname: false
      manage_etc_hosts: true
    `),
    fix: 'see the set_hostname and update_hostname modules in /var/log/cloud-init.log',
  },
  async ({ instance, expect, signal, skip }) => {
    const { before, after } = await survived(guestReboot(instance, signal), skip)
    expect(before.hostname, 'hostname after the first boot').toBe(NAME)
    expect(after.hostname, 'hostname after a reboot').toBe(NAME)
    expect(await instance.sh`hostname -f`, 'full name').toBe(FQDN)
    expect((await instance.sh`cat /etc/hostname`).trim(), '/etc/hostname').toBe(NAME)
  },
)
