import type { Address } from '../../instance/machine.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { AzureClient, VirtualMachine } from './client.ts'
import { parseId } from './ids.ts'

/** Addresses of a machine's cards, those that the world reaches first. */
export async function addressesOf(
  client: AzureClient,
  machine: VirtualMachine,
  waiting: CallWaiting,
): Promise<Address[]> {
  const cards = machine.networkProfile?.networkInterfaces ?? []
  const found = await Promise.all(
    cards.map(async ({ id }, index) => {
      const at = parseId(id)
      const nic = at && (await client.networks.nic(at, waiting))
      const name = `nic${index}`
      return await Promise.all(
        (nic?.ipConfigurations ?? []).map(async ({ publicIPAddress, privateIPAddress, privateIPAddressVersion }) => {
          const family = privateIPAddressVersion === 'IPv6' ? ('ipv6' as const) : ('ipv4' as const)
          const outer = parseId(publicIPAddress?.id)
          const outside = outer ? (await client.networks.publicAddress(outer, waiting))?.ipAddress : undefined
          const addresses = [outside, privateIPAddress].filter((address) => address !== undefined)
          return addresses.map((address): Address => ({ family, address, scope: 'global', nic: name }))
        }),
      )
    }),
  )
  return found.flat(2)
}
