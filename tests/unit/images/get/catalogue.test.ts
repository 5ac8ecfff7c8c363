import { describe, expect, test } from 'vitest'
import { catalogueNames, findEntry } from '../../../../src/images/get/catalogue.ts'
import { SOURCES } from '../../../../src/images/get/sources.ts'

describe('the catalogue', () => {
  test.each(catalogueNames())('%s leads somewhere, over https, and says where that is from', (name) => {
    const entry = findEntry(name, { arch: 'x64' })
    expect(entry).toBeDefined()
    expect(JSON.stringify(entry?.source)).not.toMatch(/\{(?!image\}|sums\})[a-z]+\}/)
    expect(new URL(entry?.source.base ?? '').protocol).toBe('https:')
    expect(entry?.source.base).toMatch(/\/$/)
    expect(entry?.source.source).toMatch(/^https:/)
    expect(entry?.source.checked).toMatch(/^\d{4}-\d\d-\d\d/)
    if (entry?.source.kind === 'files')
      expect(() => new RegExp(entry.source.kind === 'files' ? entry.source.image : '')).not.toThrow()
  })

  test('signed offers say whose keys count, others why there is none', () => {
    for (const { signature, trust } of SOURCES) {
      if (signature.kind === 'none') expect(signature.why).not.toBe('')
      else expect(trust?.bring).toMatch(/^(?:apt-get install |get )/)
    }
  })
})

test('names people use are there', () => {
  expect(catalogueNames()).toEqual(
    expect.arrayContaining([
      'debian-12',
      'debian-13',
      'debian-sid',
      'ubuntu-22.04',
      'ubuntu-24.04',
      'opensuse-leap-15.6',
      'fedora-42',
      'rocky-9',
      'almalinux-9',
      'alpine-3.22',
      'freebsd-14',
      'centos-stream-9',
      'amazonlinux-2023',
      'arch',
    ]),
  )
})

test('a release the catalogue has not heard of is tried where the address follows from it', () => {
  expect(findEntry('ubuntu-30.04', { arch: 'x64' })?.source).toMatchObject({
    product: 'com.ubuntu.cloud:server:30.04:amd64',
  })
  expect(findEntry('almalinux-11', { arch: 'arm64' })?.source.base).toContain('/almalinux/11/cloud/aarch64/')
  expect(findEntry('debian-99', { arch: 'x64' })).toBeUndefined()
  expect(findEntry('ubuntu-../x', { arch: 'x64' })).toBeUndefined()
  expect(findEntry('nothing-1', { arch: 'x64' })).toBeUndefined()
})

test('images for containers come from an index; an architecture that is not offered is said to be so', () => {
  expect(findEntry('debian-13', { arch: 'x64', kind: 'lxd' })?.source).toMatchObject({
    kind: 'stream',
    product: 'debian:trixie:amd64:cloud',
  })
  expect(findEntry('ubuntu-24.04', { arch: 'x64', kind: 'lxd' })?.source.base).toContain('cloud-images.ubuntu.com')
  expect(() => findEntry('arch', { arch: 'arm64' })).toThrow(/not offered for arm64/)
})
