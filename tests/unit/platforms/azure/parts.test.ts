import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ResourceSku } from '../../../../src/platforms/azure/client.ts'
import { joined } from '../../../../src/platforms/azure/console.ts'
import { parseId } from '../../../../src/platforms/azure/ids.ts'
import { checkSize, sizeOf } from '../../../../src/platforms/azure/sizes.ts'
import { asVhd } from '../../../../src/platforms/azure/vhd.ts'

test('a console goes on where it was read before, and a gap is marked', () => {
  const long = 'a line of the boot\n'.repeat(200)
  expect(joined('', 'now')).toBe('now')
  expect(joined('one ', 'one two')).toBe('one two')
  expect(joined(`first ${long}end`, `${long}end and more`)).toBe(`first ${long}end and more`)
  expect(joined('one boot', 'another boot')).toBe('one boot\n[... something may be missing here ...]\nanother boot')
  expect(joined('kept', '')).toBe('kept')
})

test('ids are read without regard to case', () => {
  const id = '/SUBSCRIPTIONS/s/resourcegroups/My-Group/Providers/microsoft.compute/VirtualMachines/one'
  expect(parseId(id)).toEqual({ group: 'My-Group', name: 'one', type: 'microsoft.compute/virtualmachines' })
  expect(parseId('/subscriptions/s/resourceGroups/g')).toBeUndefined()
})

const image = {
  id: 'x',
  digest: undefined,
  distribution: 'debian',
  release: '13',
  architecture: 'amd64',
  variant: '',
  description: '',
  reference: {},
  generation: 2 as const,
}
const sku: ResourceSku = {
  name: 'Standard_X',
  locationInfo: [{ location: 'WestEurope', zones: ['2', '1', '3'] }],
  capabilities: Object.entries({
    vCPUs: '4',
    MemoryGB: '16',
    CpuArchitectureType: 'x64',
    HyperVGenerations: 'V1,V2',
    MaxNetworkInterfaces: '2',
    MaxDataDiskCount: '1',
  }).map(([name, value]) => ({ name, value })),
  restrictions: [{ type: 'Zone', restrictionInfo: { zones: ['3'] } }],
}

test('a size says what it can do, and where this subscription may use it', () => {
  const size = sizeOf(sku, 'westeurope')
  expect(size).toMatchObject({
    cpus: 4,
    memoryMiB: 16_384,
    architecture: 'amd64',
    generations: [1, 2],
    zones: ['1', '2'],
    closed: undefined,
  })
  expect(
    sizeOf({ ...sku, restrictions: [{ type: 'Location', reasonCode: 'NotAvailableForSubscription' }] }, 'westeurope')
      .closed,
  ).toBe('NotAvailableForSubscription')
})

test('what does not fit is refused with the reason', () => {
  const size = sizeOf(sku, 'westeurope')
  expect(() => checkSize(size, image, { nics: 1, disks: [{ sizeGiB: 1 }] })).not.toThrow()
  expect(() => checkSize(size, { ...image, architecture: 'arm64' }, {})).toThrow('it is amd64, and x is for arm64')
  expect(() => checkSize(size, image, { nics: 2 })).toThrow('at most 2 network cards, not 3')
  expect(() => checkSize(size, image, { disks: [{ sizeGiB: 1 }, { sizeGiB: 1 }] })).toThrow(
    'at most 1 disks besides, not 2',
  )
  expect(() => checkSize({ ...size, generations: [1] }, image, {})).toThrow('it boots generation 1, and x is of 2')
})

test('a VHD of fixed size is taken as it is, one with half a MiB is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vhd-test-'))
  try {
    const path = join(folder, 'disk.vhd')
    const footer = Buffer.alloc(512)
    footer.write('conectix')
    footer.writeUInt32BE(2, 60)
    await writeFile(path, Buffer.concat([Buffer.alloc(1024 ** 2), footer]))
    await using vhd = await asVhd(path, { deadlineMs: 1000 })
    expect(vhd).toMatchObject({ path, size: 1024 ** 2 + 512 })
    await writeFile(path, Buffer.concat([Buffer.alloc(1024 ** 2 + 512), footer]))
    await expect(asVhd(path, { deadlineMs: 1000 })).rejects.toThrow('takes disks of whole MiB')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
