import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { buildFacts } from '../../../src/instance/facts/build-facts.ts'
import { collectFactsAtRest, factsScript } from '../../../src/instance/facts/collect.ts'
import { parseFrames } from '../../../src/instance/facts/parse-frames.ts'
import { ALPINE, DEBIAN, FREEBSD, makeRoot, type Tree } from './roots.ts'

const shells: [string, string[]][] = [
  ['sh', []],
  ['dash', []],
  ['bash', ['--posix']],
  ['busybox', ['ash']],
]
const present = shells.filter(([shell]) => spawnSync(shell, ['--help']).error === undefined)

async function run([shell, args]: [string, string[]], root: string) {
  const { stdout, status } = spawnSync(shell, [...args, '-s', 'rest'], {
    input: await factsScript(),
    env: { PATH: process.env['PATH'], ROOT: root },
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  return stdout
}

describe.each(present)('under %s %s', (...shell) => {
  const gather = async (tree: Tree) => {
    using made = makeRoot(tree)
    return buildFacts(await run(shell, made.root), {
      phase: 'rest',
      collectedAt: '2026-01-01T00:00:00Z',
      durationMs: 1,
    })
  }

  test('a bad Debian is seen as it is', async () => {
    const facts = await gather(DEBIAN)
    expect(facts.os).toMatchObject({ id: 'debian', versionId: '13', codename: 'trixie' })
    expect(facts.system).toMatchObject({ init: 'systemd', usrMerged: true })
    expect(facts.accounts.map(({ name, password }) => `${name} ${password}`)).toEqual([
      'root star',
      'daemon locked',
      'empty empty',
    ])
    expect(facts.packages.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'cloud-init installed',
      'broken install ok half-configured',
      'gone deinstall ok config-files',
    ])
    expect(facts.packageDb.output).toEqual(['broken 1.0: install ok half-configured'])
    expect(facts.modifiedFiles).toEqual([
      { path: '/usr/bin/bad', flags: 'content', config: false },
      { path: '/usr/share/doc/gone', flags: 'missing', config: false },
      { path: '/etc/broken.conf', flags: 'missing', config: true },
    ])
    expect(facts.repositories).toMatchObject([
      {
        uri: 'http://***@archive.example.com/debian',
        insecure: 'trusted=yes',
        suites: ['trixie'],
        components: ['main'],
      },
      {
        uri: 'http://deb.debian.org/debian',
        suites: ['trixie', 'trixie-updates'],
        components: ['main', 'non-free'],
        signedBy: '/usr/share/keyrings/k.gpg',
      },
    ])
    expect(facts.aptConfig).toEqual({
      'APT::Periodic::Update-Package-Lists': ['1'],
      'APT::Periodic::Unattended-Upgrade': ['1'],
    })
    expect(facts.hostKeys).toMatchObject([
      { path: '/etc/ssh/ssh_host_rsa_key', type: 'rsa', private: true, mode: '600' },
    ])
    expect(facts.privateKeys.map(({ path }) => path)).toEqual(['/etc/ssh/ssh_host_rsa_key'])
    expect(facts.history.map(({ path }) => path)).toEqual(['/root/.bash_history'])
    expect(facts.authorizedKeys.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toMatchObject([
      { path: '/home/empty/.ssh/authorized_keys', keys: 1, forced: 0 },
      { path: '/root/.ssh/authorized_keys', keys: 1, forced: 1 },
    ])
    expect(facts.credentials.map(({ path }) => path)).toEqual(['/home/empty/.aws/credentials'])
    expect(facts.setuid.map(({ path }) => path)).toContain('/usr/bin/suid')
    expect(facts.worldWritableFiles.map(({ path }) => path)).toEqual(['/srv/all'])
    expect(facts.worldWritableDirs.map(({ path }) => path)).toEqual(['/srv/open'])
    expect(facts.danglingLinks.map(({ path }) => path)).toEqual(['/vmlinuz'])
    expect(facts.leftovers.logs.map(({ path }) => path)).toEqual(['/var/log/dpkg.log'])
    expect(facts.machineId).toEqual({ exists: true, state: 'empty', dbus: 'absent' })
    expect(facts.fstab.map(({ source, type }) => `${source} ${type}`)).toEqual(['UUID=1 ext4', '/dev/sdb1 swap'])
    expect(facts.unitFiles).toMatchObject({ 'ssh.service': 'enabled', 'cron.service': 'masked' })
    expect(facts.staticAddresses.map(({ file }) => file)).toEqual(['/etc/netplan/50.yaml'])
    expect(facts.leftovers.macPinning.map(({ path }) => path)).toEqual(['/etc/netplan/50.yaml'])
    expect(facts.modulesBlocked.map(({ module, how }) => `${how} ${module}`)).toEqual([
      'blacklist floppy',
      'install udf',
    ])
    expect(facts.time.zone).toBe('UTC')
    expect(facts.locale.lang).toBe('C.UTF-8')
    expect(facts.hostname.file).toBe('buildhost')
    expect(facts.cloudInit).toMatchObject({
      installed: true,
      enabled: true,
      version: '25.1.4',
      datasourceList: ['NoCloud', 'None'],
      modules: { init: ['growpart', 'ssh', 'users_groups'] },
    })
    expect(facts.cloudInit.configFiles.map(({ parses }) => parses)).toEqual([true, true, false])
    expect(JSON.stringify(facts)).not.toMatch(/hunter22|user:pw/)
  })

  test('links never lead out of the root', async () => {
    const facts = await gather(DEBIAN)
    // /etc/sudoers -> /../../../../etc/hostname is the hostname of the root, and /var/lib/cloud -> /etc/ssh is that of the root.
    expect(facts.sudo.lines).toEqual([{ file: '/etc/hostname', line: 'buildhost' }])
    expect(facts.leftovers.cloudState.map(({ path }) => path)).toEqual(['/etc/ssh', '/etc/ssh/ssh_host_rsa_key'])
  })

  test('Alpine with dropbear, doas, OpenRC and unmerged /usr', async () => {
    const facts = await gather(ALPINE)
    expect(facts.system).toMatchObject({ init: 'openrc', usrMerged: false })
    expect(facts.packageManager).toBe('apk')
    expect(facts.packages.map(({ name, version, arch }) => `${name} ${version} ${arch}`)).toEqual([
      'cloud-init 25.1.2-r0 noarch',
      'dropbear 2025.88-r0 x86_64',
    ])
    expect(
      facts.repositories.map(({ uri, suites, components }) => `${uri} ${suites.join()} ${components.join()}`),
    ).toEqual([
      'https://dl-cdn.alpinelinux.org/alpine/v3.22/main v3.22 main',
      'https://dl-cdn.alpinelinux.org/alpine/v3.22/community v3.22 community',
    ])
    expect(facts.services).toEqual({ default: ['cloud-final', 'dropbear', 'networking'] })
    expect(facts.networkRenderers).toEqual(['networking'])
    expect(facts.sudo).toMatchObject({
      programs: ['doas'],
      lines: [{ file: '/etc/doas.conf', line: 'permit nopass :wheel' }],
    })
    expect(facts.hostKeys).toMatchObject([{ type: 'dropbear-ed25519', private: true }])
    expect(facts.accounts.map(({ name, password }) => `${name} ${password}`)).toEqual(['root locked', 'alpine star'])
    expect(facts.hostname.file).toBe('localhost')
    expect(facts.unknown.modifiedFiles).toContain('does not apply here')
  })

  test('FreeBSD', async () => {
    const facts = await gather(FREEBSD)
    expect(facts.system.init).toBe('rc')
    expect(facts.accounts.map(({ name, password, shell }) => `${name} ${password} ${shell}`)).toEqual([
      'root empty /bin/sh',
      'toor star ',
    ])
    expect(facts.services).toEqual({ 'rc.conf': ['sshd', 'cloudinit'] })
    expect(facts.repositories.map(({ uri, insecure }) => `${uri} ${insecure ?? ''}`)).toEqual([
      'pkg+https://pkg.FreeBSD.org/${ABI}/quarterly ',
      'http://example.com/pkg signature_type none',
    ])
    expect(facts.cloudInit).toMatchObject({ datasourceList: ['Ec2'], config: { disable_root: false } })
    expect(facts.loader.settings['autoboot_delay']).toBe('-1')
  })

  test('names and contents cannot look like anything but names and contents', async () => {
    const root = {
      files: {
        ...DEBIAN.files,
        '/etc/cron.d/a\n=passwd\n|b': '=shadow\n.0 \n%end\n\n\nno end',
        "/etc/cron.d/it's $(id) * \\n": 'x\n',
        '/etc/cron.daily/a b': 'x',
        '/etc/cron.daily/c\nd 755 0 0 1 ': 'x',
        '/etc/cron.weekly/*': 'x',
        '/etc/hostname': 'one\\nexists=two',
        '/etc/machine-id': 'a\\nb\n',
        '/etc/hosts': `${'x'.repeat(70)}\n`.repeat(9000),
        '/etc/fstab': '\n\nUUID=1 / ext4 defaults 0 1',
      },
      links: { ...DEBIAN.links, '/a -> b': 'no where', '/etc/cron.d/zero': '/dev/zero' },
    }
    using made = makeRoot(root)
    const { sections, complete } = parseFrames(await run(shell, made.root))
    expect(complete).toBe(true)
    expect(sections.get('cron')?.content).toEqual([
      './etc/cron.d/a',
      '=passwd',
      '|b:1:=shadow',
      './etc/cron.d/a',
      '=passwd',
      '|b:2:.0 ',
      './etc/cron.d/a',
      '=passwd',
      '|b:3:%end',
      './etc/cron.d/a',
      '=passwd',
      '|b:6:no end',
      "./etc/cron.d/it's $(id) * \\n:1:x",
    ])
    const stated = (name: string) => sections.get(name)?.content.map((line) => line.replace(/^.* \.\//, './'))
    expect(stated('cron-files')).toEqual([
      './etc/cron.daily/a b',
      './etc/cron.daily/c',
      'd 755 0 0 1 ',
      './etc/cron.weekly/*',
    ])
    expect(stated('host-keys')).toEqual(['./etc/ssh/ssh_host_rsa_key'])
    expect(stated('cloud-init-logs')).toEqual([])
    expect(sections.get('machine-id')?.content).toContain('/etc/machine-id=a\\nb')
    expect(sections.get('hostname')?.content).toEqual(['./etc/hostname:1:one\\nexists=two'])
    expect(sections.get('dangling')?.content).toEqual(['./a -> b -> no where', './vmlinuz -> boot/vmlinuz-6'])
    expect(sections.get('fstab')).toMatchObject({
      content: ['./etc/fstab:3:UUID=1 / ext4 defaults 0 1'],
      truncated: false,
      exitCode: 0,
    })
    expect(sections.get('hosts')).toMatchObject({ truncated: true, exitCode: 0 })
    expect(sections.get('hosts')?.content.join('\n').length).toBeLessThan(262144)
  })

  test('an empty root makes everything unknown, not clean', async () => {
    const facts = await gather({})
    expect(() => facts.accounts).toThrow(/"accounts" is not known/)
    expect(() => facts.packages).toThrow(/"packages" is not known/)
    expect(() => facts.setuid).toThrow(/is not known/)
  })
})

test('without GNU find everything is the same', async () => {
  using made = makeRoot(DEBIAN)
  const script = await factsScript()
  const sections = ['= yes ]', '= never ]'].map((found) => {
    const { stdout } = spawnSync('dash', ['-s', 'rest'], {
      input: script.replace('= yes ]', found),
      env: { PATH: process.env['PATH'], ROOT: made.root },
      encoding: 'utf8',
    })
    return [...parseFrames(stdout).sections]
  })
  expect(sections[1]).toEqual(sections[0])
  expect(sections[0]?.length).toBeGreaterThan(60)
})

const busybox = present.some(([shell]) => shell === 'busybox')
test.skipIf(!busybox)(
  `the programs of BusyBox gather too, past a pipe that nobody writes to${busybox ? '' : ' (skipped: apt-get install busybox)'}`,
  async () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\n'
    using made = makeRoot({
      files: { '/etc/mine.pem': key, '/etc/a': 'AKIAIOSFODNN7EXAMPLE', '/etc/os-release': 'ID=x\n' },
    })
    using programs = makeRoot({})
    spawnSync('mkfifo', [`${made.root}/etc/pipe`])
    spawnSync('sh', ['-c', 'busybox --install -s "$1"', 'sh', programs.root])
    const { stdout, signal } = spawnSync('ash', ['-s', 'rest'], {
      input: (await factsScript()).replace(/^PATH=.*/m, `PATH=${programs.root}`),
      env: { PATH: programs.root, ROOT: made.root },
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect(signal).toBe(null)
    const facts = buildFacts(stdout, { phase: 'rest', collectedAt: '2026-01-01T00:00:00Z', durationMs: 1 })
    expect(facts.privateKeys.map(({ path }) => path)).toEqual(['/etc/mine.pem'])
    expect(facts.credentials.map(({ path }) => path)).toEqual(['/etc/a'])
  },
)

test('a number of the kernel is read to its last digit', async () => {
  const script = (await factsScript()).replace(
    /^sections <.*/m,
    '{ printf "%s\\n" "$MARK"; show sysctls sysctls; order z; } | frame &',
  )
  const { stdout } = spawnSync('dash', ['-s', 'first-boot'], {
    input: script.replace('kernel/panic ', 'kernel/pid_max '),
    encoding: 'utf8',
  })
  const known = readFileSync('/proc/sys/kernel/pid_max', 'utf8').trim()
  expect(parseFrames(stdout).sections.get('sysctls')?.content).toContain(`kernel/pid_max=${known}`)
})

test('collecting at rest gives the same facts', async () => {
  using made = makeRoot(DEBIAN)
  const facts = await collectFactsAtRest(made.root)
  expect(facts.phase).toBe('rest')
  expect(facts.os.id).toBe('debian')
  expect(facts.durationMs).toBeGreaterThan(0)
})
