import type { CallWaiting } from '../cloud-calls.ts'
import type { AccountQuota } from '../platform.ts'
import { AzureClient } from './client.ts'
import type { AzureOptions } from './options.ts'

/** vCPUs of all sizes in a location. Each family of sizes has a quota besides, which is not read. */
export async function readQuota(options: AzureOptions, waiting: CallWaiting): Promise<AccountQuota | undefined> {
  const region = options.region ?? 'westeurope'
  const client = await AzureClient.open(options)
  const cores = (await client.usage(region, waiting)).find(({ name }) => name.value === 'cores')
  return cores && { region, vcpus: cores.limit, used: cores.currentValue }
}
