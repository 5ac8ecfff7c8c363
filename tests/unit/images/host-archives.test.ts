import { expect, test } from 'vitest'
import { parseDeb822, parseOneLine, useHostMirrors } from '../../../src/images/host-archives.ts'
import { findRecipe } from '../../../src/images/index.ts'

const archives = findRecipe('debian-13')?.archives ?? []

test('the one-line format is read with options, comments and several components', () => {
  expect(
    parseOneLine(
      '# deb http://no.example/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main contrib # why\ndeb-src http://a.example/debian bookworm main\n',
    ),
  ).toEqual([{ uri: 'http://a.example/debian', suite: 'bookworm', components: ['main', 'contrib'] }])
})

test('deb822 is read with continued fields, several suites, comments inside a stanza, and stanzas that are off', () => {
  const text =
    'Types: deb deb-src\n# a comment\nURIs: http://a.example/debian/\nSuites: trixie\n trixie-updates\nComponents: main\n\nTypes: deb\nEnabled: no\nURIs: http://b.example/\nSuites: sid\nComponents: main\n'
  expect(parseDeb822(text).map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
    'http://a.example/debian/ trixie',
    'http://a.example/debian/ trixie-updates',
  ])
})

test('the mirror of the host is used for other suites too, security from the security mirror', () => {
  const host = [
    { uri: 'http://mirror.example/debian/', suite: 'bookworm', components: ['main'] },
    { uri: 'http://security.example/debian-security', suite: 'bookworm-security', components: ['main'] },
  ]
  expect(useHostMirrors(archives, host).map(({ uri, suites }) => [uri, ...suites])).toEqual([
    ['http://mirror.example/debian', 'trixie', 'trixie-updates'],
    ['http://security.example/debian-security', 'trixie-security'],
  ])
})

test('an archive of a third party that uses a suite name of Debian is not a mirror', () => {
  const host = [
    { uri: 'https://apt.example.com', suite: 'bookworm', components: ['main'] },
    { uri: 'https://download.example.com/linux/debian', suite: 'bookworm', components: ['stable'] },
    { uri: 'https://packages.example.com/debian', suite: 'cloud-sdk-bookworm', components: ['main'] },
  ]
  expect(useHostMirrors(archives, host)).toEqual(archives)
})
