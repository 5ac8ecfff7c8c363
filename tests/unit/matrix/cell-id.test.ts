import { expect, test } from 'vitest'
import { debianArchitecture } from '../../../src/core/architecture.ts'
import { guess } from '../../../src/matrix/estimate.ts'
import { cellId } from '../../../src/matrix/cell-id.ts'

const simple = { platform: 'lxd', image: 'debian-13', 'instance-type': 'default', boot: 'container' }

test('a simple cell has the four parts it always had', () => {
  expect(cellId(simple)).toBe('lxd/debian-13/default/container')
})

test('further axes follow by name, sorted, and only away from their default', () => {
  const axes = { nic: 'extra-1', disk: 'default', agent: 'suite:sid', ...simple }
  expect(cellId(axes)).toBe('lxd/debian-13/default/container,agent=suite-sid,nic=extra-1')
})

test('what the name of the image tells is not repeated', () => {
  const axes = { ...simple, distribution: 'debian', release: '13', 'image-variant': 'nocloud' }
  expect(cellId(axes)).toBe('lxd/debian-13/default/container')
})

test('no part of an id leaves its folder', () => {
  expect(cellId({ ...simple, image: '../../etc', boot: '/' })).toBe('lxd/etc/default/x')
})

test('spellings of an architecture are one', () => {
  expect(['x86_64', 'amd64', 'aarch64', 'ARM64', 'riscv64'].map(debianArchitecture)).toEqual([
    'amd64',
    'amd64',
    'arm64',
    'arm64',
    'riscv64',
  ])
})

test('before anything was measured there is a guess, and a cloud without a price has none', () => {
  const cell = { ...summary, platform: 'lxd', boot: 'container' }
  expect([guess.expectedSeconds(cell), guess.expectedUsd(cell)]).toEqual([{ seconds: 90, measured: false }, 0])
  expect(guess.expectedUsd({ ...cell, platform: 'ec2' })).toBeUndefined()
})

const summary = {
  id: 'x',
  image: 'debian-13',
  distribution: 'debian',
  release: '13',
  instanceType: 'default',
  agent: { name: 'cloud-init', source: 'none' },
  suites: [],
}
