import type { CallWaiting } from '../cloud-calls.ts'
import type { AccountQuota } from '../platform.ts'
import { vcpuQuota } from './client-quotas.ts'
import { Ec2Client } from './client.ts'
import type { Ec2Options } from './options.ts'

/** vCPUs of usual types, on demand. Spot machines have a quota of their own, which is not read. */
export async function readQuota(options: Ec2Options, waiting: CallWaiting): Promise<AccountQuota | undefined> {
  const client = await Ec2Client.open(options)
  try {
    const [vcpus, used] = await Promise.all([vcpuQuota(client.connection, waiting), client.vcpusInUse(waiting)])
    return vcpus === undefined ? undefined : { region: client.region, vcpus, used }
  } finally {
    client.close()
  }
}
