import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { findRecipe } from '../../../src/images/index.ts'
import { lxdMetadata } from '../../../src/images/lxd-metadata.ts'
import { parseDpkgStatus, serialOf } from '../../../src/images/manifest.ts'

const STATUS = `Package: zlib1g
Status: install ok installed
Installed-Size: 10
Architecture: amd64
Source: zlib (1:1.3-1)
Version: 1:1.3-1+b1
Description: compression
 Version: not this one

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: apt
Status: install ok installed
Installed-Size: 5
Architecture: amd64
Version: 2.6.1
`

test('installed packages are listed by name with their sources', () => {
  expect(parseDpkgStatus(STATUS)).toEqual({
    packages: [
      { name: 'apt', version: '2.6.1', architecture: 'amd64', source: 'apt', sourceVersion: '2.6.1' },
      { name: 'zlib1g', version: '1:1.3-1+b1', architecture: 'amd64', source: 'zlib', sourceVersion: '1:1.3-1' },
    ],
    installed: 15 * 1024,
  })
})

test('the serial is a day in UTC', () => {
  expect(serialOf(1_793_830_354)).toBe('20261104')
})

test('LXD gets a NoCloud seed on create and copy, from the new keys and the old ones', () => {
  const recipe = findRecipe('debian-13')
  if (!recipe) throw new Error('no recipe')
  const metadata = parse(lxdMetadata({ ...recipe, architecture: 'arm64' }, 1_793_830_354)) as {
    architecture: string
    templates: Record<string, { when: string[]; template: string }>
  }
  expect(metadata.architecture).toBe('aarch64')
  expect(Object.keys(metadata.templates).sort()).toEqual([
    '/etc/hostname',
    '/var/lib/cloud/seed/nocloud-net/meta-data',
    '/var/lib/cloud/seed/nocloud-net/network-config',
    '/var/lib/cloud/seed/nocloud-net/user-data',
    '/var/lib/cloud/seed/nocloud-net/vendor-data',
  ])
  for (const { when } of Object.values(metadata.templates)) expect(when).toEqual(['create', 'copy'])
  expect(lxdMetadata(recipe, 1)).toBe(lxdMetadata(recipe, 1))
})
