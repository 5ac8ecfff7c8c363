import { HarnessError, PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Prerequisite } from '../platform.ts'
import { vcpuQuota } from './client-quotas.ts'
import { Ec2Client } from './client.ts'
import { manifest } from './manifest.ts'
import type { Ec2Options } from './options.ts'

const QUICK: CallWaiting = { deadlineMs: 20_000 }
const POLICY = 'attach the policy in src/platforms/ec2/README.md to whoever calls'

/** Stands for something in calls that only ask whether they would be allowed. */
const ANY = '0123456789abcdef0'

type Ask = (client: Ec2Client) => Promise<unknown>

/** One call of each kind that a run makes, as far as it can be asked without an effect. */
const ASKS: readonly (readonly [action: string, ask: Ask])[] = [
  [
    'DescribeInstances',
    (client) => client.call('asking', QUICK, (ec2, options) => ec2.describeInstances({ DryRun: true }, options)),
  ],
  [
    'DescribeImages',
    (client) => client.call('asking', QUICK, (ec2, options) => ec2.describeImages({ DryRun: true }, options)),
  ],
  [
    'DescribeTags',
    (client) => client.call('asking', QUICK, (ec2, options) => ec2.describeTags({ DryRun: true }, options)),
  ],
  [
    'DescribeVpcs',
    (client) => client.call('asking', QUICK, (ec2, options) => ec2.describeVpcs({ DryRun: true }, options)),
  ],
  [
    'DescribeSubnets',
    (client) => client.call('asking', QUICK, (ec2, options) => ec2.describeSubnets({ DryRun: true }, options)),
  ],
  [
    'DescribeInstanceTypes',
    (client) => client.call('asking', QUICK, (ec2, options) => ec2.describeInstanceTypes({ DryRun: true }, options)),
  ],
  [
    'DescribeInstanceTypeOfferings',
    (client) =>
      client.call('asking', QUICK, (ec2, options) => ec2.describeInstanceTypeOfferings({ DryRun: true }, options)),
  ],
  [
    'ImportKeyPair',
    (client) =>
      client.call('asking', QUICK, (ec2, options) =>
        ec2.importKeyPair({ DryRun: true, KeyName: 'harness-doctor', PublicKeyMaterial: new Uint8Array(1) }, options),
      ),
  ],
  [
    'CreateSecurityGroup',
    (client) =>
      client.call('asking', QUICK, (ec2, options) =>
        ec2.createSecurityGroup({ DryRun: true, GroupName: 'harness-doctor', Description: 'asking' }, options),
      ),
  ],
  [
    'RunInstances',
    (client) =>
      client.call('asking', QUICK, (ec2, options) =>
        ec2.runInstances(
          { DryRun: true, MinCount: 1, MaxCount: 1, ImageId: `ami-${ANY}`, InstanceType: 't3.small' },
          options,
        ),
      ),
  ],
]

/** What launches need: the package, credentials and permissions, each with what was found. Stops where the rest depends on it. */
export async function examine(options: Ec2Options): Promise<Prerequisite[]> {
  const found: Prerequisite[] = []
  let client: Ec2Client | undefined
  try {
    client = await Ec2Client.open(options)
    found.push({ name: 'packages', ok: true, detail: manifest.packages.join(', ') })
    found.push({ name: 'region', ok: true, detail: client.region })
    found.push(await permissions(client))
    found.push(await network(client, options))
    found.push(await quota(client))
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    const name = found.length === 0 ? 'credentials' : 'access'
    found.push({ name, ok: false, detail: error.message, fix: error.hint ?? 'aws configure sso' })
  } finally {
    client?.close()
  }
  return found
}

/** A call with `DryRun` is refused in any case; how, tells whether it would be allowed. */
async function permissions(client: Ec2Client): Promise<Prerequisite> {
  const missing: string[] = []
  for (const [action, ask] of ASKS) {
    try {
      await ask(client)
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      const code = (error.cause as Error | undefined)?.name
      if (code === 'UnauthorizedOperation') missing.push(`ec2:${action}`)
      else if (error.kind === 'auth' || error.kind === 'unavailable') throw error
    }
  }
  if (missing.length === 0)
    return { name: 'permissions', ok: true, detail: `${ASKS.length} kinds of calls are allowed` }
  return { name: 'permissions', ok: false, detail: `not allowed: ${missing.join(', ')}`, fix: POLICY }
}

/** What may run at a time, and what runs now. */
async function quota(client: Ec2Client): Promise<Prerequisite> {
  try {
    const [limit, running] = await Promise.all([vcpuQuota(client.connection, QUICK), client.vcpusInUse(QUICK)])
    const ok = limit === undefined || running < limit
    const detail = limit === undefined ? 'EC2 tells none' : `${running} of ${limit} vCPUs are used in ${client.region}`
    const fix = 'ask for more quota in the console of Service Quotas, or set limits.ec2 in the matrix'
    return { name: 'quota', ok, detail, ...(ok ? {} : { fix }) }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return { name: 'quota', ok: false, optional: true, detail: error.message, fix: error.hint ?? POLICY }
  }
}

async function network(client: Ec2Client, { vpc, subnets }: Ec2Options): Promise<Prerequisite> {
  if (vpc !== undefined || subnets) return { name: 'network', ok: true, detail: vpc ?? subnets?.join(', ') ?? '' }
  const found = await client.call('looking for the default VPC', QUICK, (ec2, options) =>
    ec2.describeVpcs({ Filters: [{ Name: 'is-default', Values: ['true'] }] }, options),
  )
  const id = found.Vpcs?.[0]?.VpcId
  return {
    name: 'network',
    ok: true,
    detail: id ? `${id} is the default VPC` : 'a VPC is made for each run',
    optional: true,
  }
}
