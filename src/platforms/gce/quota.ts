import type { CallWaiting } from '../cloud-calls.ts'
import type { AccountQuota } from '../platform.ts'
import { GceClient } from './client.ts'
import type { GceOptions } from './options.ts'

/** vCPUs of the usual types in a region. Some families have a quota of their own besides, which is not read. */
export async function readQuota(options: GceOptions, waiting: CallWaiting): Promise<AccountQuota | undefined> {
  const region = options.region ?? 'us-central1'
  const client = await GceClient.open(options)
  try {
    const { quotas } = await client.region(region, waiting)
    const cpus = quotas?.find(({ metric }) => String(metric) === 'CPUS')
    return typeof cpus?.limit === 'number' ? { region, vcpus: cpus.limit, used: cpus.usage ?? 0 } : undefined
  } finally {
    await client.close()
  }
}
