import { describe, expect, test } from 'vitest'
import { parseFrames } from '../../../src/instance/facts/parse-frames.ts'
import { parsePasswd, parseSshd } from '../../../src/instance/facts/parse-accounts.ts'
import { parseLocated, parseStat } from '../../../src/instance/facts/parse-lines.ts'
import { parseAddresses, parseListeners, parseRoutes } from '../../../src/instance/facts/parse-network.ts'
import { parseAptFiles, parseAptUpgrades } from '../../../src/instance/facts/parse-packages.ts'
import { parseRepositories } from '../../../src/instance/facts/parse-repositories.ts'
import { parseLoader, parseMounts, parseSwaps } from '../../../src/instance/facts/parse-system.ts'
import { parseBootTimes, parseUnits } from '../../../src/instance/facts/parse-systemd.ts'
import { parseCloudConfig, parseCloudInitStatus } from '../../../src/instance/facts/parse-cloud-init.ts'

describe('frames', () => {
  test('content cannot forge a section or a status', () => {
    const frames = parseFrames('%harness-facts 1 rest\n=a\n|=b\n|.0 \n|%end\n~3 0\n.1 boom here\n')
    expect([...frames.sections.keys()]).toEqual(['a'])
    expect(frames.sections.get('a')).toMatchObject({ content: ['=b', '.0 ', '%end'], exitCode: 1, stderr: 'boom here' })
    expect(frames.complete).toBe(false)
  })
  test('a cut section says so', () => {
    expect(parseFrames('%harness-facts 1 rest\n=a\n|x\n~1 7\n.0 \n%end\n').sections.get('a')?.truncated).toBe(true)
    expect(parseFrames('%harness-facts 1 rest\n=a\n|x\n.0 \n%end\n').sections.get('a')?.exitCode).toBe(0)
  })
  test('other text is refused', () => expect(() => parseFrames('hello')).toThrow(/not the output of the facts script/))
})

test('an empty field is an empty password, with and without a shadow file', () => {
  expect(parsePasswd(['a::1:1::/:/bin/sh', 'b:x:2:2::/:/bin/sh'], ['b:empty']).map(({ password }) => password)).toEqual(
    ['empty', 'empty'],
  )
})

test('stat of GNU, BusyBox and BSD', () => {
  const [users, groups] = [new Map([[0, 'root']]), new Map([[0, 'wheel']])]
  expect(parseStat('-rwsr-xr-x 4755 0 0 12 ./usr/bin/su do', users, groups)).toMatchObject([
    { path: '/usr/bin/su do', mode: '4755', group: 'wheel', type: 'f' },
  ])
  expect(parseStat('-r--r--r-- 0444 0 0 12 ./etc/x', users, groups)).toMatchObject([{ mode: '444' }])
  expect(parseStat('---------- 0 0 0 12 ./etc/shadow', users, groups)).toMatchObject([{ mode: '000' }])
  expect(parseStat('forged line', users, groups)).toEqual([])
})

test('sshd -T with keywords that come twice', () => {
  expect(parseSshd(['port 22', 'HostKey /a', 'hostkey /b', 'permitrootlogin without-password'])).toEqual({
    port: ['22'],
    hostkey: ['/a', '/b'],
    permitrootlogin: ['without-password'],
  })
})

describe('listeners', () => {
  test('ss with and without a header', () => {
    const lines = [
      'tool=ss',
      'Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process',
      'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=1,fd=1))',
      'tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=2,fd=3))',
      'tcp LISTEN 0 128 *:5355 *:*',
    ]
    expect(parseListeners(lines)).toEqual([
      { protocol: 'udp', address: '127.0.0.53%lo', port: 53, global: false, process: 'systemd-resolve' },
      { protocol: 'tcp', address: '::', port: 22, global: true, process: 'sshd' },
      { protocol: 'tcp', address: '*', port: 5355, global: true },
    ])
  })
  test('netstat of BusyBox', () => {
    expect(
      parseListeners([
        'tool=netstat',
        'Active Internet connections (only servers)',
        'tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 312/dropbear',
        'tcp 0 0 :::22 :::* LISTEN 312/dropbear',
        'udp 0 0 127.0.0.1:323 0.0.0.0:* 400/chronyd',
      ]),
    ).toMatchObject([
      { port: 22, global: true, process: 'dropbear' },
      { address: '::', port: 22, global: true },
      { port: 323, global: false, process: 'chronyd' },
    ])
  })
  test('sockstat of FreeBSD', () => {
    expect(
      parseListeners([
        'tool=sockstat',
        'USER COMMAND PID FD PROTO LOCAL ADDRESS FOREIGN ADDRESS',
        'root sshd 800 4 tcp4 *:22 *:*',
        'root syslogd 700 5 udp6 ::1:514 *:*',
      ]),
    ).toMatchObject([
      { protocol: 'tcp', port: 22, global: true, process: 'sshd' },
      { protocol: 'udp', port: 514, global: false },
    ])
  })
})

test('addresses of iproute2 and of FreeBSD', () => {
  expect(
    parseAddresses([
      '2: eth0@if9    inet 10.0.0.5/24 metric 100 brd 10.0.0.255 scope global dynamic eth0\\ valid_lft 3000sec',
    ]),
  ).toMatchObject([{ interface: 'eth0', address: '10.0.0.5', prefix: 24, scope: 'global', dynamic: true }])
  expect(
    parseAddresses([
      'vtnet0: flags=8863<UP> metric 0 mtu 1500',
      '\tinet 192.0.2.3 netmask 0xffffff00 broadcast 192.0.2.255',
      '\tinet6 fe80::1%vtnet0 prefixlen 64 scopeid 0x1',
    ]),
  ).toMatchObject([
    { interface: 'vtnet0', address: '192.0.2.3', prefix: 24, scope: 'global' },
    { interface: 'vtnet0', address: 'fe80::1', prefix: 64, scope: 'link' },
  ])
  expect(
    parseRoutes(['default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.5', '6 default via fe80::1 dev eth0']),
  ).toMatchObject([{ destination: 'default', gateway: '10.0.0.1', interface: 'eth0' }, { family: 'ipv6' }])
})

test('repositories of dnf', () => {
  const lines = [
    '[baseos]',
    'name=x',
    'mirrorlist=https://mirrors.almalinux.org/x',
    'gpgcheck=1',
    'enabled=1',
    '[extra]',
    'baseurl=http://example.com/',
    'gpgcheck=0',
    'enabled=0',
  ]
  expect(
    parseRepositories(lines.map((text, index) => ({ file: '/etc/yum.repos.d/a.repo', line: index + 1, text }))),
  ).toMatchObject([
    { uri: 'https://mirrors.almalinux.org/x', enabled: true, suites: ['baseos'] },
    { uri: 'http://example.com/', enabled: false, insecure: 'gpgcheck=0' },
  ])
})

test('apt: nested configuration and pending upgrades', () => {
  const text = [
    '// comment',
    'APT { Periodic { Unattended-Upgrade "1"; }; };',
    'DPkg::Options:: "--force-confold";',
    'Acquire::http::Proxy "http://p:1";',
  ]
  expect(
    parseAptFiles(text.map((line, index) => ({ file: '/etc/apt/apt.conf', line: index + 1, text: line }))),
  ).toEqual({
    'APT::Periodic::Unattended-Upgrade': ['1'],
    'DPkg::Options': ['--force-confold'],
    'Acquire::http::Proxy': ['http://p:1'],
  })
  expect(
    parseAptUpgrades([
      'Inst openssl [3.0.1] (3.0.2 Debian-Security:13/stable-security [amd64])',
      'Inst new (1 Debian:13/stable [amd64])',
      'Conf openssl',
    ]),
  ).toEqual([
    { name: 'openssl', version: '3.0.2', security: true },
    { name: 'new', version: '1', security: false },
  ])
})

test('units, boot times, mounts, swaps and the loader', () => {
  expect(
    parseUnits(['● bad.service loaded failed failed Bad', '  ssh.service loaded active running SSH']).map(
      ({ name, active }) => `${name} ${active}`,
    ),
  ).toEqual(['bad.service failed', 'ssh.service active'])
  expect(
    parseBootTimes([
      'Startup finished in 1.5s (firmware) + 250ms (loader) + 2s (kernel) + 1min 3.5s (userspace) = 1min 7.250s ',
    ]),
  ).toEqual({ firmware: 1.5, loader: 0.25, kernel: 2, userspace: 63.5, total: 67.25 })
  expect(parseBootTimes(['Bootup is not yet finished'])).toBeUndefined()
  expect(parseMounts(['/dev/sda1 /mnt/a\\040b ext4 rw,relatime 0 0'])).toEqual([
    { source: '/dev/sda1', target: '/mnt/a b', type: 'ext4', options: ['rw', 'relatime'] },
  ])
  expect(
    parseSwaps(['Filename Type Size Used Priority', '/swapfile file 1024 0 -2', '/dev/vtbd0p3 2048 0 2048 0%']),
  ).toMatchObject([
    { type: 'file', sizeKiB: 1024 },
    { type: 'partition', sizeKiB: 2048 },
  ])
  expect(
    parseLoader([
      { file: '/boot/loader/entries/a.conf', line: 1, text: 'options root=UUID=1 quiet' },
      { file: '/etc/default/grub', line: 1, text: 'GRUB_CMDLINE_LINUX="console=ttyS0"' },
    ]).arguments,
  ).toEqual(['root=UUID=1', 'quiet', 'console=ttyS0'])
})

test('cloud-init: mappings merge, lists are replaced, secrets are masked, old and new status', () => {
  const lines = [
    ['/etc/cloud/cloud.cfg', 'a: {b: 1, c: [1]}'],
    ['/etc/cloud/cloud.cfg.d/1.cfg', 'a: {c: [2], password: hunter2}'],
  ] as const
  expect(parseCloudConfig(lines.map(([file, text]) => ({ file, line: 1, text }))).config).toEqual({
    a: { b: 1, c: [2], password: '***' },
  })
  expect(parseCloudInitStatus(['{"status": "done", "detail": "x"}'], 0)).toMatchObject({
    status: 'done',
    errors: [],
    exitCode: 0,
  })
  expect(parseCloudInitStatus(['status: done'], 0)).toBeUndefined()
})

test('a located line keeps colons', () =>
  expect(parseLocated('./etc/a:12:b:c')).toEqual([{ file: '/etc/a', line: 12, text: 'b:c' }]))
