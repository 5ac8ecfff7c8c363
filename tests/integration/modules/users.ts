import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

const HASH = '$6$harness0$b6ypwEMpejUInOYUZ.OsHdx2Y90dFiRXdJjqy19lHnfYQ5zGoqDtQupelF7J0VVpZesVPlq1lrEtjADyc0WI3.'

regression(
  'reg-mod-users',
  {
    title: 'users, groups, sudo rules and password locks are made as asked',
    because: 'wrong accounts lock people out or let them in',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#users-and-groups',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    userData: cloudConfig(`
      groups:
        - harness-group: [root]
      users:
        - default
        - name: harness-locked
          gecos: Harness Locked
          groups: [harness-group]
          shell: /bin/sh
          lock_passwd: true
          sudo: ALL=(ALL) NOPASSWD:/bin/true
        - name: harness-open
          lock_passwd: false
          hashed_passwd: ${HASH}
        - name: harness-system
          system: true
    `),
    fix: 'the users-groups module in /var/log/cloud-init.log shows the command that failed',
  },
  async ({ instance, expect }) => {
    const entry = (await instance.sh`getent passwd harness-locked`).split(':')
    expect(entry[4], 'gecos').toBe('Harness Locked')
    expect(entry[6], 'shell').toBe('/bin/sh')
    expect((await instance.sh`id -nG harness-locked`).split(' '), 'groups').toContain('harness-group')
    expect(await instance.sh`getent group harness-group`, 'members of the group').toMatch(/:(?:\S*,)?root(?:,|$)/)
    const shadow = new Map(
      (await instance.root.sh`grep ^harness- /etc/shadow`)
        .split('\n')
        .map((line) => line.split(':', 2) as [string, string]),
    )
    expect(shadow.get('harness-locked'), 'password field of the locked user').toMatch(/^[!*]/)
    // Compared as truth only: the hash of an account has no place in a report.
    expect(shadow.get('harness-open') === HASH, 'the hash is stored as it was given').toBe(true)
    expect(Number(await instance.sh`id -u harness-system`), 'id of the system user').toBeLessThan(1000)
    const sudo = await instance.root.run('sudo -n -l -U harness-locked || cat /etc/doas.conf /etc/doas.d/*.conf')
    expect(sudo.stdout, 'what the user may do as root').toMatch(/\/bin\/true|harness-locked/)
    expect(sudo.stdout).toContain('NOPASSWD')
  },
)
