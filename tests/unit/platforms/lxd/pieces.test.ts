import { Readable } from 'node:stream'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { joinShown } from '../../../../src/platforms/lxd/console.ts'
import { findEndpoint, socketCandidates } from '../../../../src/platforms/lxd/endpoint.ts'
import { limitsOf } from '../../../../src/platforms/lxd/instance-types.ts'
import { saveParts } from '../../../../src/platforms/lxd/multipart.ts'
import { parseRemote } from '../../../../src/platforms/lxd/remotes.ts'
import { seedConfig } from '../../../../src/platforms/lxd/seed.ts'
import { parseMachineId } from '../../../../src/platforms/lxd/snapshots.ts'
import { resourceOf } from '../../../../src/platforms/lxd/tags.ts'

test('sockets named by the environment come before those of packages', () => {
  expect(socketCandidates({ LXD_DIR: '/d', INCUS_SOCKET: '/i.socket' })).toEqual([
    '/d/unix.socket',
    '/i.socket',
    '/var/lib/harness/lxd/unix.socket',
    '/var/snap/lxd/common/lxd/unix.socket',
    '/var/lib/lxd/unix.socket',
    '/run/incus/unix.socket',
    '/var/lib/incus/unix.socket',
  ])
})

test('a missing daemon and a remote without certificates say what to do', async () => {
  await expect(findEndpoint({ socket: '/none' })).rejects.toMatchObject({
    name: 'PrerequisiteError',
    hint: './harness setup',
  })
  await expect(findEndpoint({ url: 'https://x:8443' })).rejects.toMatchObject({ name: 'ConfigError' })
  await expect(findEndpoint({ url: 'http://x' })).rejects.toThrow('not an https address')
})

test('instance types are names or sizes', () => {
  expect(limitsOf('c2m1536')).toEqual({ 'limits.cpu': '2', 'limits.memory': '1536MiB' })
  expect(limitsOf('small')).toEqual({ 'limits.cpu': '1', 'limits.memory': '1024MiB' })
  expect(limitsOf(undefined)).toEqual({})
  expect(() => limitsOf('t3.micro')).toThrow('"t3.micro" is not an instance type of lxd')
})

test('user-data goes under one prefix, and what is not asked for is emptied', () => {
  const request = {
    image: 'x',
    name: 'x',
    owner: { runId: 'r', cell: 'c', attempt: 1, expires: '' },
    deadlineMs: 1,
    userData: 'u',
    metaData: { a: 'b: "c"' },
    sshKeys: ['ssh-ed25519 AAAA me'],
  }
  expect(seedConfig(request, 'cloud-init')).toEqual({
    'user.meta-data': '"a": "b: \\"c\\""\npublic-keys: ["ssh-ed25519 AAAA me"]\n',
    'cloud-init.user-data': 'u',
    'cloud-init.vendor-data': '',
    'cloud-init.network-config': '',
    'user.user-data': '',
    'user.vendor-data': '',
    'user.network-config': '',
  })
  expect(seedConfig(request, 'user')).toMatchObject({ 'user.user-data': 'u', 'cloud-init.user-data': '' })
})

test('ids carry a project and a snapshot', () => {
  expect(parseMachineId('web')).toEqual({ project: undefined, instance: 'web', snapshot: undefined })
  expect(parseMachineId('ci:web/base')).toEqual({ project: 'ci', instance: 'web', snapshot: 'base' })
})

test('public servers are known by prefix', () => {
  expect(parseRemote('ubuntu:24.04')).toEqual({ server: 'https://cloud-images.ubuntu.com/releases', alias: '24.04' })
  expect(parseRemote('debian-13')).toBeUndefined()
})

test('only what carries our marks is a resource, and of the run asked for', () => {
  const config = { 'user.harness.run': 'r1', 'user.harness.cell': 'c', 'user.harness.expires': 'later' }
  const resource = { kind: 'machine', id: 'x', runId: 'r1', cell: 'c', expires: 'later' }
  expect(resourceOf('machine', 'x', config, {})).toEqual(resource)
  expect(resourceOf('machine', 'x', config, { runId: 'r1' })).toEqual(resource)
  expect(resourceOf('machine', 'x', config, { runId: 'r2' })).toBeUndefined()
  expect(resourceOf('machine', 'x', { 'user.other': 'r1' }, {})).toBeUndefined()
})

test('the console is joined whether the server repeats or only adds', () => {
  const boot = Array.from({ length: 40 }, (_, index) => `[${index}] line ${index}\n`).join('')
  expect(joinShown('', boot)).toBe(boot)
  expect(joinShown(boot, `${boot}more`)).toBe(`${boot}more`)
  expect(joinShown(`first boot\n${boot}`, `${boot}more`)).toBe(`first boot\n${boot}more`)
  expect(joinShown(boot, 'login: ')).toBe(`${boot}login: `)
})

test.each([1, 7, 64, 4096])('an exported image is cut into its files, in chunks of %i bytes', async (size) => {
  const part = (name: string, content: string) =>
    `--B\r\nContent-Disposition: form-data; name="${name}"; filename="${name}.x"\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n`
  const rootfs = 'squash\r\n--\r\n\r\nB--\r\n-fs'
  const body = Buffer.from(`${part('metadata', 'meta')}${part('rootfs', rootfs)}--B--\r\n`)
  const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, index) =>
    body.subarray(index * size, (index + 1) * size),
  )
  const folder = await mkdtemp(join(tmpdir(), 'parts-'))
  try {
    const files = await saveParts(Readable.from(chunks), 'B', folder)
    expect(await readFile(files.get('metadata') ?? '', 'utf8')).toBe('meta')
    expect(await readFile(files.get('rootfs') ?? '', 'utf8')).toBe(rootfs)
    await expect(saveParts(Readable.from([body.subarray(0, -8)]), 'B', folder)).rejects.toMatchObject({
      kind: 'unavailable',
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
