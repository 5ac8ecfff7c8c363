import { expect, test } from 'vitest'
import { familyOf, PUBLISHERS } from '../../../../src/platforms/gce/catalogue.ts'

test.each([
  ['debian-13', 'amd64', 'debian-cloud/debian-13'],
  ['debian-13', 'arm64', 'debian-cloud/debian-13-arm64'],
  ['ubuntu-24.04', 'amd64', 'ubuntu-os-cloud/ubuntu-2404-lts-amd64'],
  ['ubuntu-22.04', 'amd64', 'ubuntu-os-cloud/ubuntu-2204-lts'],
  ['ubuntu-25.10', 'arm64', 'ubuntu-os-cloud/ubuntu-2510-arm64'],
  ['daily:ubuntu-26.04', 'amd64', 'ubuntu-os-cloud-devel/ubuntu-2604-lts-amd64'],
  ['rocky-9', 'amd64', 'rocky-linux-cloud/rocky-linux-9'],
  ['centos-10', 'amd64', 'centos-cloud/centos-stream-10'],
  ['opensuse-leap-15.6', 'amd64', 'opensuse-cloud/opensuse-leap'],
])('%s for %s is %s', (name, architecture, expected) => {
  const family = familyOf(name, architecture)
  expect(`${family?.project}/${family?.family}`).toBe(expected)
})

test('names that nobody publishes have no family', () => {
  for (const name of ['my-image', 'debian-', 'debian-trixie', 'daily:debian-13', 'projects/x', 'alpine-3.22'])
    expect(familyOf(name)).toBeUndefined()
})

test('every publisher names its source', () => {
  for (const { source } of PUBLISHERS) expect(source).toMatch(/^https:/)
})
