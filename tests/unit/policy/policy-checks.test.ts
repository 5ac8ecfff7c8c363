import { beforeAll, describe, expect, test } from 'vitest'
import type { FactName, Facts } from '../../../src/instance/facts/facts.ts'
import { UnknownFactError } from '../../../src/instance/facts/unknown-fact.ts'
import { EXPIRY_UNIT } from '../../../src/platforms/guest-expiry.ts'
import type { PolicyCheck } from '../../../src/testing/check.ts'
import { recordedFacts } from '../facts/recorded.ts'
import { judge, loadPolicies, phasesOf, type Verdict } from './judge.ts'
import { ACCOUNTS_AND_SSH } from './mutations/accounts-and-ssh.ts'
import { CLOUD_INIT } from './mutations/cloud-init.ts'
import { IDENTITY_AND_LEFTOVERS } from './mutations/identity-and-leftovers.ts'
import type { Mutation } from './mutations/mutation.ts'
import { PACKAGES } from './mutations/packages.ts'
import { SYSTEM } from './mutations/system.ts'
import { asMachine, AZURE, QEMU } from './places.ts'

const MUTATIONS: Record<string, Mutation[]> = {
  ...ACCOUNTS_AND_SSH,
  ...IDENTITY_AND_LEFTOVERS,
  ...PACKAGES,
  ...SYSTEM,
  ...CLOUD_INIT,
}

let checks: PolicyCheck[] = []
beforeAll(async () => {
  checks = await loadPolicies()
})

async function judgeAll(
  { phase, place }: Pick<Mutation, 'phase' | 'place'>,
  facts: Facts,
  other?: Facts,
): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>()
  for (const check of checks)
    if (phasesOf(check).includes(phase)) verdicts.set(check.id, await judge(check, facts, phase, other, place))
  return verdicts
}

const notPassed = (verdicts: Map<string, Verdict>) =>
  [...verdicts]
    .filter(([, { status }]) => !['pass', 'skip'].includes(status))
    .map(([id, { status, message }]) => `${id} ${status}: ${message.slice(0, 300)}`)

test('the timer by which a machine of a cloud ends itself is not a fault of its image', async () => {
  const facts = recordedFacts('debian-13-first-boot')
  facts.timers.push(`${EXPIRY_UNIT}.timer`)
  expect((await judgeAll({ phase: facts.phase }, facts)).get('sec-known-timers')?.status).toBe('pass')
})

describe('a good image passes', () => {
  test.for([
    'debian-12-rest',
    'debian-13-rest',
    'debian-12-first-boot',
    'debian-13-first-boot',
    'debian-13-after-reboot',
    'debian-sid-rest',
    'debian-sid-first-boot',
  ] as const)('%s', async (name) => {
    const facts = recordedFacts(name)
    const verdicts = await judgeAll({ phase: facts.phase }, facts)
    expect(notPassed(verdicts)).toEqual([])
    const passed = [...verdicts.values()].filter(({ status }) => status === 'pass').length
    expect(passed).toBeGreaterThan(name.includes('after-reboot') ? 8 : 35)
  })

  test('two instances of it', async () => {
    const verdicts = await judgeAll(
      { phase: 'pair' },
      recordedFacts('debian-13-first-boot'),
      recordedFacts('debian-13-first-boot-other'),
    )
    expect([...verdicts]).toEqual([['id-unique-two-instances', { status: 'pass', message: '' }]])
  })

  test.for([
    ['qemu', 'debian-13-rest'],
    ['qemu', 'debian-13-first-boot'],
    ['azure', 'debian-13-rest'],
    ['azure', 'debian-13-first-boot'],
  ] as const)('as a machine on %s: %s', async ([platform, name]) => {
    const facts = asMachine(name, platform)
    expect(
      notPassed(await judgeAll({ phase: facts.phase, place: platform === 'azure' ? AZURE : QEMU }, facts)),
    ).toEqual([])
  })
})

describe('a container that plays a machine of a cloud', () => {
  const played = (change: (facts: Facts) => void = () => {}) => {
    const facts = recordedFacts('debian-13-first-boot')
    const listener = { protocol: 'tcp', address: '169.254.169.254', port: 80, global: true } as const
    facts.listeners.push(listener)
    change(facts)
    return facts
  }
  const recoverable = (...messages: string[]) =>
    played(({ cloudInit: { status } }) =>
      Object.assign(status ?? {}, { exitCode: 2, recoverableErrors: { WARNING: messages } }),
    )
  const of = (platform: string) => ({ phase: 'first-boot' as const, place: { platform, boot: 'uefi' } })
  const DMESG = 'Exception when dumping dmesg log: x dmesg: read kernel buffer failed: Operation not permitted'

  test.for(['ec2', 'azure', 'gce'])('is none of its image: %s', async (platform) => {
    expect(notPassed(await judgeAll(of(platform), played()))).toEqual([])
  })

  test('may not read the log of the kernel, and must not fail otherwise', async () => {
    expect(notPassed(await judgeAll(of('azure'), recoverable(DMESG, DMESG)))).toEqual([])
    const other = await judgeAll(of('azure'), recoverable(DMESG, 'failed to bring up the network'))
    expect(notPassed(other)).toEqual([expect.stringContaining('ci-first-boot-clean fail')])
    expect(notPassed(await judgeAll(of('ec2'), recoverable(DMESG)))).toHaveLength(1)
  })
})

describe('a bad image fails exactly the checks meant for it', () => {
  test('every check has a mutation, and every mutation a check', () => {
    expect(Object.keys(MUTATIONS).sort()).toEqual(checks.map(({ id }) => id).sort())
  })

  const cases = Object.entries(MUTATIONS).flatMap(([id, mutations]) => mutations.map((mutation) => ({ id, mutation })))
  test.for(cases)('$id: $mutation.what', async ({ id, mutation }) => {
    const [facts, other] = [mutation.facts(), mutation.other?.()]
    expect(notPassed(await judgeAll(mutation, facts, other)), 'before the change').toEqual([])
    mutation.change(facts, other)
    const verdicts = await judgeAll(mutation, facts, other)
    const failed = [...verdicts].filter(([, { status }]) => status === 'fail').map(([name]) => name)
    expect(failed.sort()).toEqual([id, ...(mutation.alsoFails ?? [])].sort())
    expect([...verdicts].filter(([, { status }]) => !['pass', 'fail', 'skip'].includes(status))).toEqual([])
    expect(verdicts.get(id)?.message).not.toBe('')
  })
})

/** Read by whoever asks a check, to find out whether it applies. */
const FRAME: ReadonlySet<string> = new Set(['unknown', 'collectedAt', 'phase', 'os', 'system'])

test('a fact that is not known never passes', async () => {
  const passed: string[] = []
  for (const name of ['debian-13-rest', 'debian-13-first-boot'] as const) {
    const good = recordedFacts(name)
    for (const check of checks.filter((known) => phasesOf(known).includes(good.phase))) {
      const read = new Set<FactName>()
      const watched = new Proxy(good, {
        get: (target, key) => {
          if (key in target && typeof key === 'string' && !FRAME.has(key)) read.add(key as FactName)
          return Reflect.get(target, key) as unknown
        },
      })
      if ((await judge(check, watched, good.phase)).status !== 'pass') continue
      for (const field of read) {
        const blind = recordedFacts(name)
        Object.defineProperty(blind, field, {
          get: () => {
            throw new UnknownFactError(field, 'its command exited with 1')
          },
        })
        blind.unknown[field] = 'its command exited with 1'
        const { status } = await judge(check, blind, good.phase, undefined, { distribution: 'debian', release: '13' })
        if (status === 'pass') passed.push(`${check.id} without ${field}`)
      }
    }
  }
  expect(passed).toEqual([])
})

test('every check says what it is about', () => {
  const sources = /https?:\/\/|\(\d\)|CIS|RFC|Microsoft|the harness itself/
  const silent = checks.filter(
    ({ info: { title, because, source, fix } }) =>
      !/^[a-zA-Z]/.test(title) || because.length < 20 || !sources.test(source) || !fix,
  )
  expect(silent.map(({ id }) => id)).toEqual([])
  expect(checks.length).toBeGreaterThanOrEqual(60)
})
