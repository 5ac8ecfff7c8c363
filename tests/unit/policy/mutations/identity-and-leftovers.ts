import { type Mutation, atRest, entry, inPair, pick } from './mutation.ts'

const key = {
  path: '/etc/ssh/ssh_host_ed25519_key',
  type: 'ed25519',
  private: true,
  mode: '600',
  owner: 'root',
  group: 'root',
  bytes: 399,
}

export const IDENTITY_AND_LEFTOVERS: Record<string, Mutation[]> = {
  'id-no-host-keys': [atRest('a baked host key', (facts) => facts.hostKeys.push(key))],
  'id-unique-two-instances': [
    inPair('one shared host key', (facts, other) => {
      const shared = pick(facts.hostKeys, ({ fingerprint }) => fingerprint !== undefined)
      other?.hostKeys.push({ ...shared })
    }),
    inPair('one shared machine id', (facts, other) => {
      if (other) other.machineId = { ...facts.machineId }
    }),
    inPair('one instance asked twice', (facts, other) => {
      if (other) other.bootId = facts.bootId
    }),
  ],
  'id-machine-id-reset': [
    atRest(
      'a real machine id',
      (facts) =>
        (facts.machineId = { exists: true, state: 'id', value: '0123456789abcdef0123456789abcdef', dbus: 'link' }),
    ),
    atRest('no machine id', (facts) => (facts.machineId = { exists: false, state: 'absent', dbus: 'absent' })),
    atRest('a private copy for dbus', (facts) => (facts.machineId.dbus = 'file')),
  ],
  'id-no-random-seed': [
    atRest('a seed', (facts) => facts.leftovers.randomSeeds.push(entry('/var/lib/systemd/random-seed'))),
  ],
  'id-no-dhcp-leases': [
    atRest('a lease', (facts) => facts.leftovers.dhcpLeases.push(entry('/var/lib/dhcp/dhclient.eth0.leases'))),
  ],
  'id-no-mac-pinning': [
    atRest('a udev rule', (facts) =>
      facts.leftovers.macPinning.push(entry('/etc/udev/rules.d/70-persistent-net.rules')),
    ),
  ],
  'id-no-private-keys': [atRest('a key in /opt', (facts) => facts.privateKeys.push(entry('/opt/app/tls.key')))],
  'id-no-cloud-creds': [
    atRest('credentials of AWS', (facts) => facts.credentials.push(entry('/root/.aws/credentials'))),
  ],
  'id-hostname-generic': [
    atRest('the name of the builder', (facts) => (facts.hostname.file = 'buildhost17')),
    atRest('an executable hostname', (facts) => {
      facts.criticalFiles = [
        ...facts.criticalFiles.filter(({ path }) => path !== '/etc/hostname'),
        entry('/etc/hostname', { mode: '755' }),
      ]
    }),
  ],
  'id-resolv-conf': [
    atRest('a name server of the build network', (facts) => {
      facts.dns = { servers: ['192.0.2.1'], search: [], resolvConf: 'nameserver 192.0.2.1', exists: true }
    }),
  ],
  'id-no-cloud-state': [
    atRest('an instance directory', (facts) =>
      facts.leftovers.cloudState.push(entry('/var/lib/cloud/instances/i-1', { type: 'd' })),
    ),
  ],
  'left-logs-empty': [atRest('a log', (facts) => facts.leftovers.logs.push(entry('/var/log/dpkg.log')))],
  'left-tmp-empty': [
    atRest('a file in /tmp', (facts) => facts.leftovers.tmp.push(entry('/tmp/build.sh'))),
    atRest('a file in /run', (facts) => facts.leftovers.runtime.push(entry('/run/build.pid'))),
  ],
  'left-pkg-cache-empty': [
    atRest('a package', (facts) => facts.leftovers.packageCache.push(entry('/var/cache/apt/archives/a.deb'))),
  ],
  'left-build-tools': [
    atRest('policy-rc.d', (facts) => facts.leftovers.build.push(entry('/usr/sbin/policy-rc.d', { mode: '755' }))),
  ],
  'left-dangling-links': [
    atRest('/vmlinuz', (facts) =>
      facts.danglingLinks.push({ ...entry('/vmlinuz', { type: 'l' }), target: 'boot/vmlinuz-6.12' }),
    ),
  ],
  'left-stray-perms': [
    atRest('a file for everybody', (facts) =>
      facts.worldWritableFiles.push(entry('/etc/profile.d/x.sh', { mode: '666' })),
    ),
    atRest('a directory for everybody', (facts) =>
      facts.worldWritableDirs.push(entry('/srv/x', { type: 'd', mode: '777' })),
    ),
    atRest('a file of nobody', (facts) => facts.unowned.push(entry('/srv/y', { owner: '1234' }))),
  ],
  'left-suid-list': [
    atRest('a set-user-id shell', (facts) => facts.setuid.push(entry('/usr/local/bin/sh', { mode: '4755' }))),
  ],
  'left-critical-perms': [
    atRest(
      'a readable shadow file',
      (facts) => (pick(facts.criticalFiles, ({ path }) => path === '/etc/shadow').mode = '644'),
    ),
    atRest(
      'a passwd file of somebody else',
      (facts) => (pick(facts.criticalFiles, ({ path }) => path === '/etc/passwd').owner = 'games'),
    ),
  ],
}
