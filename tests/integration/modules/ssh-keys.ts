import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

const KEYS = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIACpPcFQO8JhcbWTWBXPDShHGuVaY5yqE4Ljcd9rt1c/ harness-regression-1',
  'no-agent-forwarding,no-X11-forwarding ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2JJlPO/RWhIXiOpHjvMaONCTfiOYH/eTUXiBo4KoBK harness-regression-2',
] as const

regression(
  'reg-mod-ssh-keys',
  {
    title: 'keys of user-data are authorised for the default user, with their options and safe modes',
    because: 'it is how people get in; sshd ignores files others may write',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#ssh',
    severity: 'blocker',
    instance: 'own',
    group: 'modules',
    userData: cloudConfig(`
      ssh_authorized_keys:
        - ${KEYS[0]}
        - ${KEYS[1]}
    `),
    fix: 'see the ssh module in /var/log/cloud-init.log, and AuthorizedKeysFile of sshd',
  },
  async ({ instance, expect, expected, facts, skip }) => {
    const config = facts.cloudInit.config.system_info
    const configured =
      typeof config === 'object' && config !== null && 'default_user' in config ? config.default_user : undefined
    const named =
      typeof configured === 'object' && configured !== null && 'name' in configured
        ? String(configured.name)
        : undefined
    const user = named ?? expected.defaultUser?.value ?? skip('no default user is configured')
    const home = (await instance.sh`getent passwd ${user}`).split(':')[5] ?? ''
    const lines = (await instance.root.sh`cat ${`${home}/.ssh/authorized_keys`}`).split('\n').map((line) => line.trim())
    for (const key of KEYS) expect(lines, 'authorized keys of the default user').toContain(key)
    const modes = await instance.root.sh`stat -c '%a %U' ${`${home}/.ssh`} ${`${home}/.ssh/authorized_keys`}`
    expect(modes.split('\n'), 'modes and owners').toEqual([`700 ${user}`, `600 ${user}`])
  },
)
