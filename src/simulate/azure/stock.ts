import { ApiError, invalid } from './api-error.ts'
import type { Call, Route } from './call.ts'
import { skusOf } from './sizes.ts'

const COMPUTE = '/subscriptions/{subscription}/providers/Microsoft.Compute'
const IMAGES = `${COMPUTE}/locations/{location}/publishers/{publisher}/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions`
const VERSION = '0.20261110.2300'
const LOCATIONS = ['westeurope', 'northeurope', 'eastus', 'swedencentral']

/** Images that the publishers' own pages list: https://wiki.debian.org/Cloud/MicrosoftAzure and Canonical's */
const MARKET: readonly string[] = [
  'Debian:debian-12:12-gen2',
  'Debian:debian-12:12',
  'Debian:debian-12:12-arm64',
  'Debian:debian-13:13-gen2',
  'Debian:debian-13:13',
  'Debian:debian-13:13-arm64',
  'Debian:debian-13-daily:13-gen2',
  'Canonical:ubuntu-24_04-lts:server',
  'Canonical:ubuntu-24_04-lts:server-gen1',
  'Canonical:ubuntu-24_04-lts:server-arm64',
  'Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2',
]

/** What is there without anybody making it. */
export const stockRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: `${COMPUTE}/skus`,
    operation: 'resourceSkus.list',
    act: ({ query }) => {
      const [, location] = /^location eq '([a-z0-9]+)'$/.exec(query.get('$filter') ?? '') ?? []
      if (location === undefined) throw invalid('the list of SKUs is simulated for one location only')
      return { status: 200, body: { value: LOCATIONS.includes(location) ? skusOf(location) : [] } }
    },
  },
  {
    method: 'GET',
    path: `${COMPUTE}/locations/{location}/usages`,
    operation: 'usage.list',
    act: ({ world, at }) => {
      const limit = world.settings.quota ?? 100_000
      const used = [...world.entries.values()].filter(
        ({ power, data }) => power !== undefined && data.location === at['location'],
      ).length
      return {
        status: 200,
        body: {
          value: [
            {
              unit: 'Count',
              currentValue: used * 2,
              limit: limit * 2,
              name: { value: 'cores', localizedValue: 'Total Regional vCPUs' },
            },
          ],
        },
      }
    },
  },
  {
    method: 'GET',
    path: IMAGES,
    operation: 'virtualMachineImages.list',
    act: (call) => {
      find(call)
      return { status: 200, body: [{ name: VERSION, location: call.at['location'], id: `${call.id}/${VERSION}` }] }
    },
  },
  {
    method: 'GET',
    path: `${IMAGES}/{version}`,
    operation: 'virtualMachineImages.get',
    act: (call) => {
      const sku = find(call)
      const first = sku === '12' || sku === '13' || sku.endsWith('gen1')
      return {
        status: 200,
        body: {
          id: call.id,
          name: call.at['version'],
          location: call.at['location'],
          properties: {
            hyperVGeneration: first ? 'V1' : 'V2',
            architecture: sku.endsWith('arm64') ? 'Arm64' : 'x64',
            osDiskImage: { operatingSystem: 'Linux', sizeInGb: 30 },
          },
        },
      }
    },
  },
]

function find({ at, id }: Call): string {
  const { publisher, offer, sku = '' } = at
  if (!MARKET.includes(`${publisher}:${offer}:${sku}`))
    throw new ApiError(404, 'NotFound', `Artifact: VMImage was not found at ${id}.`)
  return sku
}
