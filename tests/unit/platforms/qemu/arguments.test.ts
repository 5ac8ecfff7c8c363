import { expect, test } from 'vitest'
import { qemuArguments } from '../../../../src/platforms/qemu/arguments.ts'
import { saidError } from '../../../../src/platforms/qemu/errors.ts'
import { sizeOf } from '../../../../src/platforms/qemu/instance-types.ts'
import { parseOptions } from '../../../../src/platforms/qemu/options.ts'
import type { MachineRecord } from '../../../../src/platforms/qemu/record.ts'
import { machineDir, snapshotDir } from '../../../../src/platforms/qemu/record.ts'
import { parseForwards } from '../../../../src/platforms/qemu/ssh-line.ts'

const record: MachineRecord = {
  version: 1,
  name: 'one',
  owner: { runId: 'r', cell: 'c', attempt: 1, expires: '2030-01-01T00:00:00Z' },
  image: '/images/a,b.qcow2',
  architecture: 'x86_64',
  accelerator: 'tcg',
  boot: 'uefi',
  cpus: 1,
  memoryMiB: 1024,
  uuid: '00000000-0000-4000-8000-000000000000',
  mac: '52:54:00:00:00:01',
  instanceId: 'one-1',
  layers: ['layer-a.qcow2', 'layer-b.qcow2'],
  diskBytes: 8 * 1024 ** 3,
  firmware: { code: '/fw/code,1.fd', format: 'raw', smm: false },
  seed: true,
  sshKeys: [],
  network: 'user',
  disks: [{ id: 'disk-1', file: 'disk-1.qcow2', plug: 1 }],
  nics: [{ id: 'nic-1', mac: '52:54:00:00:00:02', plug: 0 }],
  extra: {},
}

const after = (args: readonly string[], word: string) =>
  args.flatMap((arg, index) => (args[index - 1] === word ? [arg] : []))

test('the host port is chosen by QEMU itself, on the loopback address only', () => {
  expect(after(qemuArguments(record), '-netdev')).toEqual([
    'user,id=net0,ipv6=off,net=168.0.0.0/7,hostfwd=tcp:127.0.0.1:0-:22',
    'user,id=nic-1,ipv6=off,net=10.0.3.0/24,restrict=on',
  ])
  expect(after(qemuArguments({ ...record, network: 'open' }), '-netdev')).toEqual([
    'user,id=net0,ipv6=off,net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:0-:22',
    'user,id=nic-1,ipv6=off,net=10.0.3.0/24',
  ])
})

test('only the last layer is opened for writing, commas in paths are doubled', () => {
  const args = qemuArguments(record)
  const [root] = after(args, '-blockdev').map((text) => JSON.parse(text) as { file: { filename: string } })
  expect(root?.file.filename).toBe('layer-b.qcow2')
  expect(after(args, '-drive')).toEqual([
    'if=pflash,unit=0,format=raw,readonly=on,file=/fw/code,,1.fd',
    'if=pflash,unit=1,format=raw,readonly=off,file=variables.fd',
  ])
})

test('Secure Boot keeps the variables from the guest', () => {
  const secure = qemuArguments({ ...record, firmware: { code: '/c', format: 'raw', smm: true } })
  expect(after(secure, '-machine')).toEqual(['q35,vmport=off,graphics=off,smm=on'])
  expect(after(secure, '-global')).toContain('driver=cfi.pflash01,property=secure,value=on')
})

test('the other architecture differs in machine and processor only', () => {
  const arm = qemuArguments({ ...record, architecture: 'aarch64' })
  expect([after(arm, '-machine'), after(arm, '-cpu')]).toEqual([
    ['virt,gic-version=max,graphics=off'],
    ['max,pauth-impdef=on'],
  ])
  expect(after(qemuArguments({ ...record, accelerator: 'kvm' }), '-cpu')).toEqual(['host'])
  expect(after(qemuArguments({ ...record, cpus: 2 }), '-cpu')).toEqual(['max,la57=off,cx16=off'])
})

test('an isolated guest reaches nothing', () => {
  expect(after(qemuArguments({ ...record, network: 'isolated', nics: [] }), '-netdev')).toEqual([
    'user,id=net0,ipv6=off,net=10.0.2.0/24,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
  ])
})

test('a machine with saved memory continues from it', () => {
  expect(after(qemuArguments({ ...record, memory: 'memory.state' }), '-incoming')).toEqual(['exec:cat memory.state'])
})

test('instance types are names or sizes', () => {
  expect(sizeOf(undefined)).toEqual({ cpus: 1, memoryMiB: 1024, diskGiB: 8 })
  expect(sizeOf('c2m1536d20')).toEqual({ cpus: 2, memoryMiB: 1536, diskGiB: 20 })
  expect(() => sizeOf('t3.micro')).toThrow('"t3.micro" is not an instance type of qemu')
  expect(() => sizeOf('constructor')).toThrow('is not an instance type')
})

test('options are checked', () => {
  expect(() => parseOptions({ accelerator: 'warp' })).toThrow('bad option of platform qemu: accelerator')
  expect(() => parseOptions({ sokcet: 1 })).toThrow('sokcet')
})

test('names that would leave the folder are refused', () => {
  for (const name of ['../x', '', '.new-1', 'a b', 'a+b'])
    expect(() => machineDir('/root', name), name).toThrow('is not a name for a machine')
  expect(() => snapshotDir('/root', 'a/../b')).toThrow('is not a name')
  expect(snapshotDir('/root', 'a/b')).toBe('/root/snapshots/a+b')
})

test('what QEMU says becomes a kind of error', () => {
  const kinds = {
    "-netdev user,id=net0: Could not set up host forwarding rule 'tcp:127.0.0.1:80-:22'": 'conflict',
    'Failed to get "write" lock': 'conflict',
    'cannot set up guest memory: Cannot allocate memory': 'capacity',
    'No space left on device': 'capacity',
    'Could not open x: Permission denied': 'auth',
    "Could not open 'x': No such file or directory": 'not-found',
    'Invalid parameter': 'invalid',
  }
  for (const [said, kind] of Object.entries(kinds)) {
    const error = saidError('to start one', said)
    expect([said, error.kind]).toEqual([said, kind])
    expect(error.cause).toBeDefined()
  }
})

test('forwarded ports are read from what QEMU prints', () => {
  const text = `Hub -1 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[ESTABLISHED]   21       10.0.2.15 45118   151.101.2.132    80     0     0\r
  TCP[HOST_FORWARD]  13       127.0.0.1 38321       10.0.2.15    22     0     0\r
`
  expect(parseForwards(text)).toEqual([{ host: 38_321, guest: 22 }])
})
