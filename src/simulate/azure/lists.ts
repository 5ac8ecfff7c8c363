import type { Call, Route } from './call.ts'
import { listOf } from './call.ts'
import { vmSizesOf } from './sizes.ts'
import { shown } from './machine-view.ts'
import type { Outcome } from './world.ts'

const SUBSCRIPTION = '/subscriptions/{subscription}'
const GROUP = `${SUBSCRIPTION}/resourceGroups/{group}`
const LISTED = [
  'Microsoft.Compute/virtualMachines',
  'Microsoft.Compute/disks',
  'Microsoft.Network/virtualNetworks',
  'Microsoft.Network/networkInterfaces',
  'Microsoft.Network/publicIPAddresses',
]

/** Lists of one kind of resource, of a group and of the subscription, and what there is to choose from. */
export const listRoutes: readonly Route[] = [
  ...LISTED.flatMap((type): Route[] => {
    const kind = type.split('/')[1] ?? ''
    return [
      {
        method: 'GET',
        path: `${GROUP}/providers/${type}`,
        operation: `${kind}.list`,
        act: (call) => {
          call.world.group(call.at['group'] ?? '')
          return listed(call, type)
        },
      },
      {
        method: 'GET',
        path: `${SUBSCRIPTION}/providers/${type}`,
        operation: `${kind}.list`,
        act: (call) => listed(call, type),
      },
    ]
  }),
  {
    method: 'GET',
    path: `${GROUP}/providers/Microsoft.Network/virtualNetworks/{network}/subnets`,
    operation: 'subnets.list',
    act: ({ world, id }) => {
      const network = world.find(id.replace(/\/subnets$/i, ''))
      return { status: 200, body: { value: listOf(network.data.properties['subnets']) } }
    },
  },
  {
    method: 'GET',
    path: `${SUBSCRIPTION}/providers/Microsoft.Compute`,
    operation: 'providers.get',
    act: ({ id }) => {
      const locations = ['West Europe', 'North Europe', 'East US', 'Sweden Central']
      const resourceTypes = [{ resourceType: 'virtualMachines', locations }]
      return { status: 200, body: { id, namespace: 'Microsoft.Compute', resourceTypes } }
    },
  },
  {
    method: 'GET',
    path: `${SUBSCRIPTION}/providers/Microsoft.Compute/locations/{location}/vmSizes`,
    operation: 'virtualMachineSizes.list',
    act: () => ({ status: 200, body: { value: vmSizesOf() } }),
  },
]

function listed({ world, at }: Call, type: string): Outcome {
  const group = at['group']?.toLowerCase()
  const value = [...world.entries.values()]
    .filter((entry) => entry.data.type.toLowerCase() === type.toLowerCase() && entry.listedAt <= Date.now())
    .filter((entry) => group === undefined || entry.group === group)
    .map((entry) => shown(entry))
  return { status: 200, body: { value } }
}
