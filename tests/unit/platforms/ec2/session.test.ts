import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { waitUntil } from '../../../../src/core/wait-until.ts'
import { openPlatform } from '../../../../src/platforms/open-platform.ts'
import type { LaunchOptions } from '../../../../src/platforms/session.ts'
import { openSimulated } from './open-simulated.ts'

const IMAGE = { image: 'debian-13' } satisfies LaunchOptions

const placementOf = (instance: { machine: object }) => (instance.machine as { placement?: string }).placement

describe('a launch', () => {
  test('gives a machine that answers, with the user-data as they were', async () => {
    await using ec2 = await openSimulated()
    await using instance = await ec2.session.launch({ ...IMAGE, userData: '#cloud-config\n' })
    expect(instance.id).toMatch(/^i-[0-9a-f]{17}$/)
    await instance.waitUntilReady()
    expect(await instance.sh`cat /var/lib/cloud/seed/user-data`).toBe('#cloud-config')
    await instance.destroy()
    await instance.destroy()
    expect(await ec2.session.list()).toEqual([])
  })

  test('marks everything, and the end of the session removes what all machines shared', async () => {
    await using ec2 = await openSimulated()
    const instance = await ec2.session.launch(IMAGE)
    const kinds = (await ec2.session.resources()).map(({ kind }) => kind).sort()
    expect(kinds).toEqual(['disk', 'key', 'machine', 'network', 'nic'])
    await instance.destroy()
    await ec2.session.close()
    await using other = await openPlatform('ec2', { ...ec2.running.options })
    expect(await other.resources()).toEqual([])
  })

  test('needs few calls: those of the account once, four for each machine', async () => {
    await using ec2 = await openSimulated()
    for (let machine = 0; machine < 2; machine++) {
      await using instance = await ec2.session.launch(IMAGE)
      await instance.waitUntilReachable()
    }
    const counts = Map.groupBy(ec2.operations(), (operation) => operation)
    const once = ['DescribeImages', 'DescribeVpcs', 'DescribeSubnets', 'DescribeInstanceTypes', 'ImportKeyPair']
    for (const operation of once) expect([operation, counts.get(operation)?.length]).toEqual([operation, 1])
    expect(counts.get('RunInstances')?.length).toBe(2)
    expect(counts.get('TerminateInstances')?.length).toBe(2)
  })

  test('makes a network where the account has none, and removes it', async () => {
    await using ec2 = await openSimulated()
    const { Ec2Client } = await import('../../../../src/platforms/ec2/client.ts')
    const { removeVpc } = await import('../../../../src/platforms/ec2/own-vpc.ts')
    const client = await Ec2Client.open({ ...ec2.running.options })
    const within = { deadlineMs: 10_000 }
    const { Vpcs = [] } = await client.call('looking', within, (api, options) => api.describeVpcs({}, options))
    await removeVpc(client, Vpcs[0]?.VpcId ?? '', within)
    const instance = await ec2.session.launch(IMAGE)
    await instance.destroy()
    await ec2.session.close()
    const left = await client.call('looking', within, (api, options) => api.describeVpcs({}, options))
    expect(left.Vpcs).toEqual([])
    expect(ec2.operations()).toContain('CreateInternetGateway')
    client.close()
  })
})

describe('capacity', () => {
  const types = { 'equivalent-types': { 't3.small': ['t3.medium'] } }
  test.each([
    ['the next zone', 'stockout:eu-west-1a', {}, 't3.small in eu-west-1b, on demand'],
    ['an equivalent type', 'stockout:t3.small', types, 't3.medium in eu-west-1a, on demand'],
    [
      'another region',
      'stockout:eu-west-1',
      { 'other-regions': ['eu-central-1'] },
      't3.small in eu-central-1a, on demand',
    ],
    ['on demand instead of spot', 'stockout:spot', { market: 'spot' as const }, 't3.small in eu-west-1a, on demand'],
  ])('leads to %s', async (_, fault, options, placement) => {
    await using ec2 = await openSimulated({ fault }, options)
    await using instance = await ec2.session.launch(IMAGE)
    expect(placementOf(instance)).toBe(placement)
    await instance.waitUntilReachable()
  })

  test('that is nowhere is told with what was tried, and leaves nothing', async () => {
    await using ec2 = await openSimulated({ fault: 'stockout' })
    await expect(ec2.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'capacity', blame: 'provider' })
    expect(await ec2.session.list()).toEqual([])
  })

  test.each([
    ['quota', 'quota'],
    ['denied:RunInstances', 'auth'],
    ['async-failure', 'unavailable'],
  ])('is not looked for elsewhere because of %s', async (fault, kind) => {
    await using ec2 = await openSimulated({ fault })
    await expect(ec2.session.launch(IMAGE)).rejects.toMatchObject({ kind })
    expect(ec2.operations().filter((operation) => operation === 'RunInstances')).toHaveLength(1)
    expect(await ec2.session.list()).toEqual([])
  })
})

describe('an answer that never came', () => {
  test.each([
    'lost-reply:RunInstances:x1',
    'unavailable:RunInstances:x1',
    'throttle:RunInstances:x2',
    'reset:RunInstances:x1',
  ])('because of %s makes one machine', async (fault) => {
    await using ec2 = await openSimulated({ fault })
    await using instance = await ec2.session.launch(IMAGE)
    expect((await ec2.session.list()).map(({ id }) => id)).toEqual([instance.id])
  })

  test('what an earlier launch under this name left is removed', async () => {
    await using ec2 = await openSimulated()
    const first = await ec2.session.launch({ ...IMAGE, name: 'same' })
    await using second = await ec2.session.launch({ ...IMAGE, name: 'same' })
    expect(second.id).not.toBe(first.id)
    expect((await ec2.session.list()).map(({ id }) => id)).toEqual([second.id])
  })
})

test('a spot machine that is taken away is the doing of the provider, and is not waited for', async () => {
  await using ec2 = await openSimulated({ fault: 'interrupt,silent', pendingMs: 100 }, { market: 'spot' })
  await using instance = await ec2.session.launch(IMAGE)
  await expect(instance.waitUntilReady({ deadline: '50 seconds' })).rejects.toMatchObject({
    kind: 'capacity',
    message: expect.stringContaining('Spot'),
  })
})

describe('a type that does not fit is refused with the reason', () => {
  test.each([
    [{ instanceType: 't4g.micro' }, 't4g.micro is arm64, and the image debian-13-amd64-20260801-2190 is x86_64'],
    [{ instanceType: 't2.micro', boot: 'uefi' }, 'on t2.micro boots by bios, not by uefi'],
    [{ nics: 5 }, 't3.small takes 3 network cards, and 6 are needed'],
    [{ instanceType: 'm1.small', extra: { address: 'ipv6' } }, 'm1.small has no IPv6'],
    [{ instanceType: 'x9.huge' }, 'there is no type x9.huge'],
    [{ userData: 'x'.repeat(16_385) }, '16385 bytes are more than the 16384'],
  ])('%j', async (more, message) => {
    await using ec2 = await openSimulated()
    await expect(ec2.session.launch({ ...IMAGE, ...more })).rejects.toThrow(message)
    expect(ec2.operations()).not.toContain('RunInstances')
  })
})

describe('images', () => {
  test.each([
    ['debian-13', 'debian-13-amd64-20260801-2190'],
    ['daily:debian-13', 'debian-13-amd64-daily-20261121-2302'],
    ['debian-sid', 'debian-sid-amd64-daily-20261121-2302'],
  ])('%s is the newest: %s', async (reference, description) => {
    await using ec2 = await openSimulated({ pageSize: 1 })
    expect(await ec2.session.resolveImage(reference)).toMatchObject({ description, architecture: 'amd64' })
  })

  test('are found by architecture, by id and by a parameter of Systems Manager', async () => {
    await using ec2 = await openSimulated()
    const arm = await ec2.session.resolveImage('debian-13', { architecture: 'arm64' })
    expect(arm.description).toBe('debian-13-arm64-20260801-2190')
    expect((await ec2.session.resolveImage(arm.id)).id).toBe(arm.id)
    await using instance = await ec2.session.launch({ image: 'ssm:debian-13' })
    await using same = await ec2.session.launch(IMAGE)
    expect(instance.imageId).toBe(same.imageId)
  })

  test('there are none by that name', async () => {
    await using ec2 = await openSimulated()
    await expect(ec2.session.resolveImage('nothing')).rejects.toMatchObject({ kind: 'not-found' })
  })

  test('a local disk is written block by block, registered, launched and removed', async () => {
    await using ec2 = await openSimulated()
    const dir = await mkdtemp(join(tmpdir(), 'ec2-image-'))
    const path = join(dir, 'disk.raw')
    {
      await using file = await open(path, 'w')
      await file.truncate(64 * 1024 * 1024)
      await file.write(Buffer.alloc(1000, 'x'), 0, 1000, 10 * 524_288)
    }
    const said: string[] = []
    const image = await ec2.session.resolveImage(path, { onProgress: (line) => void said.push(line) })
    await using instance = await ec2.session.launch({ image: image.id })
    await instance.waitUntilReachable()
    expect(said).toContain('uploading disk.raw: 100 %')
    expect(ec2.operations().filter((operation) => operation === 'PutSnapshotBlock')).toHaveLength(1)
    await ec2.session.remove({ kind: 'image', id: image.id })
    expect((await ec2.session.resources()).filter(({ id }) => /^(ami|snap)-/.test(id))).toEqual([])
    await rm(dir, { recursive: true })
  })
})

test('disks and cards come with a launch, and go with the machine', async () => {
  await using ec2 = await openSimulated()
  const instance = await ec2.session.launch({ ...IMAGE, disks: [{ sizeGiB: 1 }], nics: 1 })
  const disk = await instance.addDisk({ sizeGiB: 2 })
  await instance.removeDisk(disk.id)
  await instance.destroy()
  const left = await ec2.session.resources()
  expect(left.filter(({ kind }) => kind === 'nic')).toEqual([])
  expect(left.filter(({ kind }) => kind === 'disk')).toEqual([])
})

describe('a machine that nobody destroys', () => {
  test('brings a timer in its user-data, and ends when its guest shuts down', async () => {
    await using ec2 = await openSimulated()
    const instance = await ec2.session.launch(IMAGE)
    await instance.waitUntilReachable()
    const userData = await instance.sh`cat /var/lib/cloud/seed/user-data`
    expect(userData).toMatch(/^#cloud-boothook\n/)
    expect(userData).toContain('systemctl poweroff')
    await ec2.backend.stop(instance.id)
    await waitUntil({ what: 'its end', deadlineMs: 20_000 }, async () => {
      const state = await instance.state()
      return state === 'gone' ? { done: true, value: state } : { done: false, saw: state }
    })
  })

  test('is allowed when it was asked for', async () => {
    await using ec2 = await openSimulated({}, { 'self-destruct': false })
    await using instance = await ec2.session.launch(IMAGE)
    await instance.waitUntilReachable()
    expect(await instance.probe`cat /var/lib/cloud/seed/user-data`).toMatchObject({ ok: false })
  })
})
