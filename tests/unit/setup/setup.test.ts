import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loopSize } from '../../../src/setup/configure.ts'
import { chooseSubnet } from '../../../src/setup/free-subnet.ts'
import { checkHost, lxdSettings, planSetup, runSetup } from '../../../src/setup/index.ts'
import { lxcfsState } from '../../../src/setup/lxcfs.ts'
import { lowLimits, raiseLimits } from '../../../src/setup/kernel-limits.ts'
import { installCommands, usesOf } from '../../../src/setup/packages.ts'
import { mountsOf } from '../../../src/setup/teardown.ts'

const GIB = 1024 ** 3

test('the network is one no route touches, whatever the size of the routes', () => {
  expect(chooseSubnet(['default', '192.168.1.0/24'])).toBe('10.88.13.1/24')
  expect(chooseSubnet(['10.88.13.0/24'])).toBe('10.88.71.1/24')
  expect(chooseSubnet(['10.88.13.77'])).toBe('10.88.71.1/24')
  expect(chooseSubnet(['10.88.0.0/14'])).toBe('10.92.13.1/24')
  expect(() => chooseSubnet(['10.0.0.0/8'])).toThrow(/no free network/)
})

test('the loop file leaves room on the disk, and is not made on a small one', () => {
  expect(loopSize(500 * GIB)).toBe(40)
  expect(loopSize(20 * GIB)).toBe(12)
  expect(loopSize(10 * GIB)).toBeUndefined()
})

test('settings come from the environment; two sets do not share a unit', () => {
  expect(lxdSettings({})).toMatchObject({
    dir: '/var/lib/harness/lxd',
    socket: '/var/lib/harness/lxd/unix.socket',
    bridge: 'harnessbr0',
    subnet: undefined,
    unit: 'harness-lxd',
  })
  expect(
    lxdSettings({ HARNESS_LXD_DIR: '/x', HARNESS_LXD_BRIDGE: 'b0', HARNESS_LXD_SUBNET: '10.1.2.1/24' }),
  ).toMatchObject({ dir: '/x', bridge: 'b0', subnet: '10.1.2.1/24', unit: 'harness-lxd-b0' })
})

test('packages are installed without questions, and each has its reason', () => {
  expect(installCommands(['lxd', 'lxcfs']).map((command) => command.join(' '))).toEqual([
    'apt-get -o DPkg::Lock::Timeout=120 -q update',
    'apt-get -o DPkg::Lock::Timeout=120 -q -y --no-install-recommends -o Dpkg::Options::=--force-confold install lxd lxcfs',
  ])
  expect(usesOf(['lxd', 'mmdebstrap'])).toBe('lxd runs the containers; mmdebstrap builds images')
})

test('mounts of the private daemon are found deepest first, and no other', () => {
  const mountinfo = [
    '22 1 0:1 / /',
    '23 1 0:2 / /a/lxd/shmounts rw',
    '24 1 0:3 / /a/lxd/storage-pools/x\\040y rw',
    '25 1 0:4 / /a/lxd2/devlxd rw',
  ].join('\n')
  expect(mountsOf({ dir: '/a/lxd' }, mountinfo)).toEqual(['/a/lxd/storage-pools/x y', '/a/lxd/shmounts'])
})

test('limits that are too low are found and raised; those the kernel does not have are left out', async () => {
  const root = await mkdtemp(join(tmpdir(), 'harness-sysctl-'))
  await mkdir(join(root, 'fs/inotify'), { recursive: true })
  await writeFile(join(root, 'fs/inotify/max_user_instances'), '128\n')
  await writeFile(join(root, 'fs/inotify/max_user_watches'), '999999\n')
  const low = await lowLimits(root)
  expect(low.map(({ name }) => name)).toEqual(['fs.inotify.max_user_instances'])
  expect(await raiseLimits(low, root)).toEqual([])
  expect(await readFile(join(root, 'fs/inotify/max_user_instances'), 'utf8')).toBe('1024\n')
  expect(await raiseLimits(low, join(root, 'nowhere'))).toEqual(low)
  await rm(root, { recursive: true })
})

test('a plan without steps does nothing and asks for no rights', async () => {
  await runSetup({ steps: [], socket: undefined, existing: false }, { onLine: () => expect.unreachable() })
})

const QEMU_PROGRAMS = [
  process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64',
  ...['qemu-img', 'sfdisk', 'mke2fs', 'mkfs.vfat', 'mcopy', 'gpgv'],
]

test('every missing prerequisite comes with the command that fixes it', async () => {
  const found = await checkHost({ LXD_DIR: '/nowhere', HARNESS_LXD_DIR: '/nowhere' })
  expect(found.map(({ name }) => name)).toEqual([
    'node',
    'rights',
    'lxd',
    'mmdebstrap',
    'mksquashfs',
    ...QEMU_PROGRAMS,
    'btrfs',
    'user namespaces',
    'kernel limits',
    'disk',
    'memory',
    'ssh',
    'java',
  ])
  for (const { name, ok, fix } of found) expect(ok || fix, name).toBeTruthy()
})

test('a folder that the root of a container cannot reach is refused before anything is done', async () => {
  const root = await mkdtemp(join(tmpdir(), 'harness-closed-'))
  try {
    const env = { HARNESS_LXD_DIR: join(root, 'state', 'lxd') }
    await expect(planSetup({ env, private: true })).rejects.toThrow(`other users may not pass through ${root}`)
    await chmod(root, 0o711)
    expect((await planSetup({ env, private: true })).steps.map(({ id }) => id)).toContain('configure')
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

test('an lxcfs that was killed is not taken for one that runs', async () => {
  const root = await mkdtemp(join(tmpdir(), 'harness-lxcfs-'))
  try {
    const mounts = join(root, 'mounts')
    const folder = join(root, 'lxcfs')
    await writeFile(mounts, `lxcfs ${folder} fuse.lxcfs rw 0 0\n`)
    expect(await lxcfsState(`${folder}-other`, mounts)).toBe('absent')
    expect(await lxcfsState(folder, mounts)).toBe('dead')
    await mkdir(join(folder, 'proc'), { recursive: true })
    expect(await lxcfsState(folder, mounts)).toBe('runs')
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
