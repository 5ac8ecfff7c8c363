import { HarnessError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Prerequisite } from '../platform.ts'
import { AzureClient } from './client.ts'
import { manifest } from './manifest.ts'
import type { AzureOptions } from './options.ts'

const QUICK: CallWaiting = { deadlineMs: 30_000 }
const GRANT = 'assign the role in src/platforms/azure/role.json: az role assignment create --role harness'

/** What launches need: packages, credentials, permissions and quota, each with what was found. Stops where the rest depends on it. */
export async function examine(options: AzureOptions): Promise<Prerequisite[]> {
  const found: Prerequisite[] = []
  const location = options.region ?? 'westeurope'
  try {
    const client = await AzureClient.open(options)
    found.push({ name: 'packages', ok: true, detail: manifest.packages.join(', ') })
    found.push({ name: 'subscription', ok: true, detail: client.subscription })
    const groups = await client.listGroups(`tagName eq 'harness-run'`, QUICK)
    found.push({ name: 'access', ok: true, detail: `${groups.length} resource groups of runs are there` })
    const usage = await client.usage(location, QUICK)
    const cores = usage.find(({ name }) => name.value === 'cores')
    const left = (cores?.limit ?? 0) - (cores?.currentValue ?? 0)
    found.push({
      name: 'quota',
      ok: cores === undefined || left > 0,
      detail: cores ? `${left} of ${cores.limit} vCPUs left in ${location}` : `${location} tells no quotas`,
      ...(cores && left < 1 ? { fix: 'ask for more quota: az quota create' } : {}),
    })
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    found.push({
      name: found.length === 0 ? 'credentials' : 'access',
      ok: false,
      detail: error.message,
      fix: error.hint ?? (found.length === 0 ? 'az login' : GRANT),
    })
  }
  return found
}
