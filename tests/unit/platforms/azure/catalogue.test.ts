import { expect, test } from 'vitest'
import { marketName, RELEASES, releaseOf } from '../../../../src/platforms/azure/catalogue.ts'

test.each([
  ['debian-13', {}, 'Debian:debian-13:13-gen2'],
  ['debian-13', { boot: 'bios' }, 'Debian:debian-13:13'],
  ['debian-13', { architecture: 'arm64' }, 'Debian:debian-13:13-arm64'],
  ['daily:debian-13', {}, 'Debian:debian-13-daily:13-gen2'],
  ['ubuntu-24.04', {}, 'Canonical:ubuntu-24_04-lts:server'],
  ['ubuntu-22.04', { architecture: 'arm64' }, 'Canonical:0001-com-ubuntu-server-jammy:22_04-lts-arm64'],
  ['almalinux-9', { architecture: 'arm64' }, 'almalinux:almalinux-arm:9-arm-gen2'],
])('%s %o is %s', (name, wanted, expected) => {
  const found = marketName(name, wanted)
  expect(`${found?.publisher}:${found?.offer}:${found?.sku}`).toBe(expected)
})

test('every image of the table is found again by its parts', () => {
  for (const name of Object.keys(RELEASES))
    for (const wanted of [{}, { boot: 'bios' }, { architecture: 'arm64' }]) {
      const market = marketName(name, wanted)
      if (!market) continue
      const { distribution, release } = releaseOf(market)
      expect(`${distribution}-${release}`).toBe(name)
    }
})

test('what nobody publishes has no name', () => {
  for (const name of ['my-image', 'daily:rhel-9', 'debian-99']) expect(marketName(name)).toBeUndefined()
  expect(marketName('rhel-9', { architecture: 'arm64' })).toBeUndefined()
})
