import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectFacts } from '../../../src/instance/facts/collect.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import type { CloudIdentity } from '../../../src/platforms/cloud-identity.ts'
import type { Session } from '../../../src/platforms/session.ts'
import { findCheckFiles, loadCheckFiles } from '../../../src/runner/checks/load-checks.ts'
import type { Facts, RegressionCheck } from '../../../src/testing/index.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'
import { failures, judge } from '../regression/judge.ts'

const skip = await whyNoLxd()
const declared = await loadCheckFiles(await findCheckFiles())
const wanted = new Set([
  'reg-ds-detect',
  'reg-ds-used',
  'reg-ds-clean',
  'reg-ds-instance-id',
  'reg-ds-hostname',
  'reg-ds-keys',
  'reg-ds-net-primary',
  'reg-ds-data-plain',
])
const checks = [...declared.values()].filter(
  (check): check is RegressionCheck => check.suite === 'regression' && wanted.has(check.id),
)
const USER_DATA = '#cloud-config\nwrite_files:\n  - path: /var/lib/harness-plain\n    content: plain\n'
const META = '/2021-03-23/meta-data'

/** Ways in which a metadata service could be wrong, and the checks that must notice on a real guest. */
const MUTANTS: readonly { name: string; identity: CloudIdentity; noticed: readonly string[] }[] = [
  { name: 'nothing is wrong', identity: { cloud: 'ec2' }, noticed: [] },
  {
    name: 'the list of keys has no numbers',
    identity: { cloud: 'ec2', answers: { [`${META}/public-keys/`]: 'my-key' } },
    noticed: ['reg-ds-keys'],
  },
  {
    name: 'folders are listed without a slash',
    identity: { cloud: 'ec2', answers: { [`${META}/`]: 'hostname\ninstance-id\nlocal-hostname\npublic-keys' } },
    noticed: ['reg-ds-keys'],
  },
  {
    name: 'the identity document is of another instance',
    identity: {
      cloud: 'ec2',
      answers: {
        '/2021-03-23/dynamic/instance-identity/document': '{"instanceId":"i-0aaaaaaaaaaaaaaaa","region":"eu-west-1"}',
      },
    },
    noticed: ['reg-ds-instance-id'],
  },
  {
    name: 'user-data are encoded twice',
    identity: {
      cloud: 'ec2',
      answers: { '/2021-03-23/user-data': Buffer.from(Buffer.from(USER_DATA).toString('base64')).toString('base64') },
    },
    noticed: ['reg-ds-data-plain'],
  },
  {
    name: 'the name is that of another machine',
    identity: { cloud: 'ec2', answers: { [`${META}/local-hostname`]: 'elsewhere' } },
    noticed: ['reg-ds-hostname'],
  },
  {
    name: 'the service fails',
    identity: { cloud: 'openstack', faults: [{ kind: 'status', status: 500 }] },
    noticed: ['reg-ds-used', 'reg-ds-keys', 'reg-ds-data-plain'],
  },
  {
    name: 'the metadata are no JSON',
    identity: { cloud: 'digitalocean', answers: { '/metadata/v1.json': 'droplet_id: 1' } },
    noticed: ['reg-ds-used', 'reg-ds-keys'],
  },
  {
    name: 'the metadata are empty',
    identity: { cloud: 'vultr', answers: { '/v1.json': '{}' } },
    noticed: ['reg-ds-used'],
  },
]

describe.skipIf(skip)(`a metadata service that is wrong is noticed${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let session: Session
  let facts: Facts

  beforeAll(async () => {
    session = await openPlatform('lxd', {})
    await using instance = await session.launch({ image })
    await instance.waitUntilReady()
    facts = await collectFacts(instance, 'first-boot')
  }, 120_000)
  afterAll(() => session?.close())

  test.each(MUTANTS)('$name', { timeout: 120_000 }, async ({ identity, noticed }) => {
    await using instance = await session.launch({ image, userData: USER_DATA, cloudIdentity: identity })
    await instance.waitUntilReady()
    const judged = []
    for (const check of checks) judged.push(await judge(check, { instance, facts }))
    const failed = failures(judged)
    if (noticed.length === 0) expect(failed).toEqual([])
    else expect(failed).toEqual(expect.arrayContaining([...noticed]))
  })
})
