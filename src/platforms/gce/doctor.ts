import { HarnessError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Prerequisite } from '../platform.ts'
import { GceClient } from './client.ts'
import { manifest } from './manifest.ts'
import type { GceOptions } from './options.ts'

const QUICK: CallWaiting = { deadlineMs: 20_000 }
const SIGN_IN = 'gcloud auth application-default login'
const GRANT = 'grant the role in src/platforms/gce/README.md: gcloud projects add-iam-policy-binding'
const ENABLE = 'gcloud services enable compute.googleapis.com'

/** What launches need: packages, credentials, permissions and quota, each with what was found. Stops where the rest depends on it. */
export async function examine(options: GceOptions): Promise<Prerequisite[]> {
  const found: Prerequisite[] = []
  let client: GceClient | undefined
  try {
    client = await GceClient.open(options)
    const { project } = client
    found.push({ name: 'packages', ok: true, detail: manifest.packages.join(', ') })
    found.push({ name: 'project', ok: true, detail: project })
    const region = await client.region(options.region ?? 'us-central1', QUICK)
    const zones = (region.zones ?? []).map((zone) => zone.split('/').at(-1))
    found.push({ name: 'access', ok: true, detail: `${region.name} has ${zones.join(', ')}` })
    found.push(quota(region.quotas ?? [], region.name ?? ''))
    await client.instances.list('labels.harness-run:*', QUICK)
    const network = await client.networks.get(options.network ?? 'default', QUICK)
    found.push({
      name: 'network',
      ok: network !== undefined || options.network === undefined,
      detail: network ? `${network.name} is there` : 'a network is made for each run',
      optional: true,
    })
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    const name = found.length === 0 ? 'credentials' : 'access'
    const fix =
      error.hint ?? (found.length === 0 ? SIGN_IN : /not been used|disabled/.test(error.message) ? ENABLE : GRANT)
    found.push({ name, ok: false, detail: error.message, fix })
  } finally {
    await client?.close()
  }
  return found
}

interface Quota {
  metric?: unknown
  limit?: number | null
  usage?: number | null
}

/** What is left of the quotas that a launch counts against. */
function quota(quotas: readonly Quota[], region: string): Prerequisite {
  const of = (metric: string) => quotas.find((one) => String(one.metric) === metric)
  const parts = ['CPUS', 'INSTANCES', 'IN_USE_ADDRESSES'].flatMap((metric) => {
    const one = of(metric)
    return one ? [{ metric, left: (one.limit ?? 0) - (one.usage ?? 0), limit: one.limit ?? 0 }] : []
  })
  const spent = parts.filter(({ left }) => left < 1)
  const detail = parts.map(({ metric, left, limit }) => `${metric} ${left} of ${limit} left`).join(', ')
  return {
    name: 'quota',
    ok: spent.length === 0,
    detail: detail === '' ? `${region} tells no quotas` : detail,
    ...(spent.length > 0 ? { fix: 'ask for more quota: https://console.cloud.google.com/iam-admin/quotas' } : {}),
  }
}
