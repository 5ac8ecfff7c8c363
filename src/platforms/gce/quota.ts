import type { CallWaiting } from '../cloud-calls.ts'
import type { AccountQuota } from '../platform.ts'
import { GceClient } from './client.ts'
import type { GceOptions } from './options.ts'

/** vCPUs of the usual types in a region. Some families have a quota of their own besides, which is not read. */
export async function readQuota(options: GceOptions, waiting: CallWaiting): Promise<AccountQuota | undefined> {
  const region = options.region ?? 'us-central1'
  const client = await openQuietly(options)
  try {
    const { quotas } = await client.region(region, waiting)
    const cpus = quotas?.find(({ metric }) => String(metric) === 'CPUS')
    return typeof cpus?.limit === 'number' ? { region, vcpus: cpus.limit, used: cpus.usage ?? 0 } : undefined
  } finally {
    await client.close()
  }
}

/** On a host that is none of Google's the search for credentials would ask the network for one, for seconds, and warn of what it finds. */
async function openQuietly(options: GceOptions): Promise<GceClient> {
  const before = process.env['METADATA_SERVER_DETECTION']
  process.env['METADATA_SERVER_DETECTION'] = before ?? 'bios-only'
  try {
    return await GceClient.open(options)
  } finally {
    if (before === undefined) delete process.env['METADATA_SERVER_DETECTION']
  }
}
