import { expect, test } from 'vitest'
import { isoVolume } from '../../../../src/platforms/qemu/iso.ts'
import { seedVolume } from '../../../../src/platforms/qemu/seed.ts'

/** Reads a volume by the letters of the standard, as a kernel does. */
function readVolume(bytes: Uint8Array): { label: string; files: Record<string, string> } {
  const volume = Buffer.from(bytes)
  const descriptor = volume.subarray(16 * 2048, 17 * 2048)
  expect(descriptor.toString('latin1', 0, 7)).toBe('\u0001CD001\u0001')
  expect(volume[17 * 2048]).toBe(255)
  expect(descriptor.readUInt32LE(80)).toBe(volume.length / 2048)
  expect(descriptor.readUInt32BE(84)).toBe(volume.length / 2048)
  const root = descriptor.readUInt32LE(156 + 2)
  for (const [at, read] of [
    [140, () => volume.readUInt32LE(descriptor.readUInt32LE(140) * 2048 + 2)],
    [148, () => volume.readUInt32BE(descriptor.readUInt32BE(148) * 2048 + 2)],
  ] as const)
    expect([at, read()]).toEqual([at, root])
  const files: Record<string, string> = {}
  let at = root * 2048
  while (volume[at]) {
    const length = volume[at] ?? 0
    const record = volume.subarray(at, at + length)
    at += length
    const nameLength = record[32] ?? 0
    const extension = record.subarray(33 + nameLength + (nameLength % 2 === 0 ? 1 : 0))
    const name = rockRidgeName(extension)
    expect(record.readUInt32LE(2)).toBe(record.readUInt32BE(6))
    if (name === undefined) continue
    const start = record.readUInt32LE(2) * 2048
    files[name] = volume.toString('utf8', start, start + record.readUInt32LE(10))
  }
  return { label: descriptor.toString('latin1', 40, 72).trim(), files }
}

function rockRidgeName(extension: Buffer): string | undefined {
  for (let at = 0; at + 4 <= extension.length && extension[at] !== 0; at += extension[at + 2] ?? 256) {
    const length = extension[at + 2] ?? 0
    if (extension.toString('latin1', at, at + 2) === 'NM') return extension.toString('utf8', at + 5, at + length)
  }
  return undefined
}

test('a volume holds its files under their own names', () => {
  const large = 'x'.repeat(5000)
  const files = [
    { name: 'user-data', content: '#cloud-config\n# ü\n' },
    { name: 'meta-data', content: '' },
    { name: 'network-config', content: large },
  ]
  expect(readVolume(isoVolume('cidata', files))).toEqual({
    label: 'cidata',
    files: { 'user-data': '#cloud-config\n# ü\n', 'meta-data': '', 'network-config': large },
  })
})

test('equal content gives equal bytes', () => {
  const make = () => Buffer.from(isoVolume('a', [{ name: 'b', content: 'c' }]))
  expect(make().equals(make())).toBe(true)
})

test('a seed has an instance id of its own, and only the parts that were asked for', () => {
  const { files } = readVolume(
    seedVolume(
      { name: 'one', userData: '#!/bin/sh\n', sshKeys: ['ssh-ed25519 A x'], metaData: { a: 'it"s' } },
      'one-1',
    ),
  )
  expect(files).toEqual({
    'user-data': '#!/bin/sh\n',
    'meta-data': '"instance-id": "one-1"\n"local-hostname": "one"\n"public-keys": ["ssh-ed25519 A x"]\n"a": "it\\"s"\n',
  })
  expect(Object.keys(readVolume(seedVolume({ name: 'x', vendorData: 'v', networkConfig: 'n' }, 'i')).files)).toEqual([
    'meta-data',
    'network-config',
    'user-data',
    'vendor-data',
  ])
})
