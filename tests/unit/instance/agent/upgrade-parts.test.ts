import { expect, test } from 'vitest'
import { ConfigError, PlatformError, UnsupportedError } from '../../../../src/core/errors.ts'
import { redact } from '../../../../src/core/redact.ts'
import { AGENTS, findAgent } from '../../../../src/instance/agent/agents.ts'
import { mirrorTrouble, withMirrorRetries } from '../../../../src/instance/agent/mirror.ts'
import { toDeb822 } from '../../../../src/instance/agent/repository.ts'
import { parseIndexTargets } from '../../../../src/instance/agent/suite.ts'
import { changedPackages } from '../../../../src/instance/agent/upgrade.ts'
import { registerUserDataSecrets } from '../../../../src/instance/agent/user-data-secrets.ts'
import { CommandError } from '../../../../src/instance/command-error.ts'

const failed = (stderr: string) =>
  new CommandError({
    ok: false,
    exitCode: 100,
    stdout: '',
    stderr,
    truncated: false,
    durationMs: 1,
    command: 'apt-get update',
  })

test('agents are data: each has packages, a version and a way to be cleaned', () => {
  const incomplete = [...AGENTS.values()].filter(
    (agent) => Object.values(agent.packages).flat().length === 0 || agent.clean.length === 0,
  )
  expect(incomplete).toEqual([])
  expect(AGENTS.size).toBeGreaterThan(1)
  expect(() => findAgent('cloud-unit')).toThrow(ConfigError)
})

test('cleaning never lets a tool write "uninitialized" or delete the machine id', () => {
  expect(findAgent('cloud-init').clean.join('\n')).not.toMatch(/--machine-id|uninitialized|rm .*machine-id/)
})

test('a repository line becomes a stanza', () => {
  expect(toDeb822('deb [arch=amd64,arm64 trusted=yes] https://host/debian trixie main contrib', '/key.asc')).toBe(
    'Types: deb\nURIs: https://host/debian\nSuites: trixie\nComponents: main contrib\nArchitectures: amd64 arm64\nTrusted: yes\nSigned-By: /key.asc\n',
  )
  expect(toDeb822('deb https://host/flat ./', undefined)).toBe('Types: deb\nURIs: https://host/flat\nSuites: ./\n')
  expect(toDeb822('Types: deb\nURIs: https://host\nSuites: x\nComponents: y\n', '/key.asc')).toMatch(
    /y\nSigned-By: \/key\.asc\n$/,
  )
  expect(() => toDeb822('https://host', undefined)).toThrow(ConfigError)
})

test('the main archive is the one of the release, not that of security', () => {
  const output = [
    'codename trixie',
    'target http://security.example/debian-security/ trixie-security trixie-security stable-security main /usr/share/keyrings/a.gpg',
    'target http://deb.example/debian/ trixie trixie stable main /usr/share/keyrings/a.gpg',
    'target http://deb.example/debian/ trixie trixie stable contrib /usr/share/keyrings/a.gpg',
  ].join('\n')
  expect(parseIndexTargets(output)).toEqual({
    uri: 'http://deb.example/debian/',
    signedBy: '/usr/share/keyrings/a.gpg',
    components: ['main', 'contrib'],
  })
  // An image without indexes: apt leaves what it does not know as it is written.
  const unknown = (line: string) =>
    line.replace('trixie trixie stable', 'trixie $(CODENAME) $(SUITE)').replace(/ \/usr.*/, ' $(SIGNED_BY)')
  expect(parseIndexTargets(output.split('\n').map(unknown).join('\n'))).toEqual({
    uri: 'http://deb.example/debian/',
    signedBy: undefined,
    components: ['main', 'contrib'],
  })
  expect(() => parseIndexTargets('codename trixie\n')).toThrow(UnsupportedError)
})

test('trouble of the archive is told from trouble of a package', () => {
  expect(mirrorTrouble('E: Failed to fetch http://x/y  503 Service Unavailable')).toContain('Failed to fetch')
  expect(mirrorTrouble("Temporary failure resolving 'deb.debian.org'")).toBeDefined()
  expect(mirrorTrouble('dpkg: error processing package cloud-init (--configure):')).toBeUndefined()
})

test('a package that fails to install is not tried again', async () => {
  let calls = 0
  const attempt = withMirrorRetries({ what: 'install', deadlineMs: 5000 }, () => {
    calls++
    return Promise.reject(failed('dpkg: error processing package'))
  })
  await expect(attempt).rejects.toBeInstanceOf(CommandError)
  expect(calls).toBe(1)
})

test('an expired index is nobody to wait for', async () => {
  const attempt = withMirrorRetries({ what: 'refresh', deadlineMs: 5000 }, () =>
    Promise.reject(failed('E: Release file for http://x/InRelease is expired (invalid since 1d).')),
  )
  await expect(attempt).rejects.toMatchObject({ name: 'PlatformError', kind: 'invalid' })
  await expect(attempt).rejects.toBeInstanceOf(PlatformError)
})

test('changes are by name, with what came and what went', () => {
  const before = new Map([
    ['a', '1'],
    ['b', '1'],
    ['c', '1'],
  ])
  const after = new Map([
    ['a', '1'],
    ['b', '2'],
    ['d', '1'],
  ])
  expect(changedPackages(before, after)).toEqual([
    { name: 'b', from: '1', to: '2' },
    { name: 'c', from: '1', to: undefined },
    { name: 'd', from: undefined, to: '1' },
  ])
})

test('passwords of user-data are masked wherever they come back', () => {
  registerUserDataSecrets(
    '#cloud-config\npassword: correct-horse-1\nchpasswd:\n  list: |\n    root:battery-staple-2\nusers:\n  - name: x\n    passwd: "quoted-secret-3"\n',
  )
  expect(redact('saw correct-horse-1, battery-staple-2 and quoted-secret-3')).toBe('saw ***, *** and ***')
})
