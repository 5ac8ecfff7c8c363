import { expect, test } from 'vitest'
import { cascade } from '../../../src/distros/cascade.ts'
import { DISTRIBUTIONS, findDistribution, findRelease } from '../../../src/distros/distributions.ts'
import { EXPECTATION_RULES } from '../../../src/distros/expectation-rules.ts'
import { expectationsFor } from '../../../src/distros/expectations.ts'

test.for([
  [{ distribution: 'debian', release: '13', platform: 'lxd' }, 'debian'],
  [{ distribution: 'debian', release: 'trixie', platform: 'ec2' }, 'admin'],
  [{ distribution: 'debian', release: '13', platform: 'gce' }, 'none'],
  [{ distribution: 'ubuntu', platform: 'lxd' }, 'ubuntu'],
  [{ distribution: 'alpine' }, 'alpine'],
  [{ distribution: 'oraclelinux' }, 'opc'],
] as const)('the default user of %o is %s', ([subject, user]) => {
  expect(expectationsFor(subject).defaultUser?.value).toBe(user)
})

test('a release is known by version and codename', () => {
  expect(expectationsFor({ distribution: 'debian', release: 'bookworm' }).endOfLife).toEqual(
    expectationsFor({ distribution: 'debian', release: '12' }).endOfLife,
  )
  expect(expectationsFor({ distribution: 'debian', release: 'sid' }).endOfLife).toBeUndefined()
  expect(findRelease('debian', 'trixie')?.version).toBe('13')
})

test('a variant wins over its platform, a platform over its release, whatever their order', () => {
  const value = (text: string) => ({ defaultUser: { value: text, source: 'test' } })
  const rules = [
    { variant: ['v'], expect: value('variant') },
    { platform: ['p'], expect: value('platform') },
    { distribution: ['debian'], release: ['13'], expect: value('release') },
    { distribution: ['debian-family'], expect: value('family') },
    { expect: value('general') },
  ]
  expect(
    cascade(rules, { distribution: 'debian', release: '13', platform: 'p', variant: 'v' }).defaultUser?.value,
  ).toBe('variant')
  expect(cascade(rules, { distribution: 'debian', release: '13', platform: 'p' }).defaultUser?.value).toBe('platform')
  expect(cascade(rules, { distribution: 'debian', release: '13' }).defaultUser?.value).toBe('release')
  expect(cascade(rules, { distribution: 'ubuntu' }).defaultUser?.value).toBe('family')
  expect(cascade(rules, { distribution: 'fedora' }).defaultUser?.value).toBe('general')
})

test('every expectation has a source and every rule names known distributions', () => {
  const expected = EXPECTATION_RULES.flatMap((rule) => Object.entries(rule.expect) as [string, { source: string }][])
  expect(expected.filter(([, { source }]) => source.length < 6)).toEqual([])
  const names = EXPECTATION_RULES.flatMap((rule) => rule.distribution ?? []).filter((name) => !name.endsWith('-family'))
  expect(names.filter((name) => findDistribution(name) === undefined)).toEqual([])
  expect(new Set(DISTRIBUTIONS.flatMap(({ id, aliases }) => [id, ...aliases])).size).toBe(
    DISTRIBUTIONS.flatMap(({ id, aliases }) => [id, ...aliases]).length,
  )
})

test('a container that is said to be on a cloud is expected to be one; a machine there is not', () => {
  const subject = { distribution: 'debian', release: '13', platform: 'ec2' }
  const [machine, container] = [expectationsFor(subject), expectationsFor({ ...subject, container: true })]
  expect([machine.defaultUser?.value, container.defaultUser?.value]).toEqual(['admin', 'debian'])
  expect([machine.timeServers, container.timeServers].map((servers) => servers !== undefined)).toEqual([true, false])
  expect(machine.listeners?.value).not.toContain('tcp/80 on 169.254.169.254')
  expect(container.listeners?.value).toContain('tcp/80 on 169.254.169.254')
  const tolerated = [machine, container].map(
    ({ toleratedJournalMessages }) =>
      (message: string) =>
        (toleratedJournalMessages?.value ?? []).some(({ pattern }) => new RegExp(pattern).test(message)),
  )
  const sysfs = "virtio1: Failed to write 'add' to '/sys/devices/x/uevent': Permission denied"
  expect(tolerated.map((tolerates) => tolerates(sysfs))).toEqual([false, true])
  const hungUp = 'error: Received disconnect from 10.1.2.3 port 39792:3:  [preauth]'
  expect(tolerated.map((tolerates) => tolerates(hungUp))).toEqual([true, true])
  const gaveUp = 'error: kex_exchange_identification: read: Connection reset by peer'
  expect(tolerated.map((tolerates) => tolerates(gaveUp))).toEqual([true, true])
  expect(tolerated.map((tolerates) => tolerates('error: Received disconnect from 10.1.2.3 port 1:2: x'))).toEqual([
    false,
    false,
  ])
})

test('on QEMU the harness may hang up on a guest whose host key it does not know yet', () => {
  const { toleratedJournalMessages } = expectationsFor({ distribution: 'debian', release: '13', platform: 'qemu' })
  const tolerates = (message: string) =>
    (toleratedJournalMessages?.value ?? []).some(({ pattern }) => new RegExp(pattern).test(message))
  expect(tolerates('error: Received disconnect from 168.0.2.2 port 52066:3: [preauth]')).toBe(true)
  expect(tolerates('error: Received disconnect from 168.0.2.2 port 52066:11: [preauth]')).toBe(false)
})
