import type { NetworkInterface, NetworkSecurityGroup, PublicIPAddress, VirtualNetwork } from '@azure/arm-network'
import type { CallWaiting } from '../cloud-calls.ts'
import { change, forgiving, ifThere } from './client-calls.ts'
import type { Connection } from './client-calls.ts'
import type { InGroup } from './ids.ts'

export type { NetworkInterface, PublicIPAddress, VirtualNetwork }

/** Networks and what is plugged into them. */
export class NetworkClient {
  readonly #on: Connection

  constructor(connection: Connection) {
    this.#on = connection
  }

  async nic({ group, name }: InGroup, waiting: CallWaiting): Promise<NetworkInterface | undefined> {
    return await ifThere(`reading the network card ${name}`, waiting, (options) =>
      this.#on.network.networkInterfaces.get(group, name, options),
    )
  }

  async publicAddress({ group, name }: InGroup, waiting: CallWaiting): Promise<PublicIPAddress | undefined> {
    return await ifThere(`reading the address ${name}`, waiting, (options) =>
      this.#on.network.publicIPAddresses.get(group, name, options),
    )
  }

  async putSecurityGroup({ group, name }: InGroup, body: NetworkSecurityGroup, waiting: CallWaiting): Promise<string> {
    const made = await change(`creating the security group ${name}`, waiting, this.#on, (options) =>
      this.#on.network.networkSecurityGroups.createOrUpdate(group, name, body, options),
    )
    return made.id ?? ''
  }

  async putNetwork({ group, name }: InGroup, body: VirtualNetwork, waiting: CallWaiting): Promise<VirtualNetwork> {
    return await change(`creating the network ${name}`, waiting, this.#on, (options) =>
      this.#on.network.virtualNetworks.createOrUpdate(group, name, body, options),
    )
  }

  /** One that is gone is fine. */
  async deleteNetwork({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the network ${name}`, waiting, this.#on, (options) =>
        this.#on.network.virtualNetworks.delete(group, name, options),
      ),
    )
  }

  /** One that is gone is fine. */
  async deleteSecurityGroup({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the security group ${name}`, waiting, this.#on, (options) =>
        this.#on.network.networkSecurityGroups.delete(group, name, options),
      ),
    )
  }

  /** One that is gone is fine. */
  async deleteNic({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the network card ${name}`, waiting, this.#on, (options) =>
        this.#on.network.networkInterfaces.delete(group, name, options),
      ),
    )
  }

  /** One that is gone is fine. */
  async deleteAddress({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the address ${name}`, waiting, this.#on, (options) =>
        this.#on.network.publicIPAddresses.delete(group, name, options),
      ),
    )
  }
}
