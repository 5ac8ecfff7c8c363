import type * as Compute from '@google-cloud/compute'
import type { CallWaiting } from '../cloud-calls.ts'
import { forgiving, ifThere, read } from './client-calls.ts'
import type { Caller } from './client-calls.ts'

export type Network = Compute.protos.google.cloud.compute.v1.INetwork
export type Firewall = Compute.protos.google.cloud.compute.v1.IFirewall

/** VPC networks and their firewall rules. Changes resolve when their operation is done. @throws PlatformError, CancelledError */
export class Networks {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async get(name: string, waiting: CallWaiting): Promise<Network | undefined> {
    const found = await ifThere(`reading the network ${name}`, waiting, (options) =>
      this.#networks.get({ project: this.#caller.project, network: name }, options),
    )
    return found?.[0]
  }

  async list(filter: string, waiting: CallWaiting): Promise<Network[]> {
    return await read('listing networks', waiting, async (options) => {
      const found: Network[] = []
      const listed = this.#networks.listAsync({ project: this.#caller.project, filter }, options)
      for await (const network of listed) found.push(network)
      return found
    })
  }

  async insert(network: Network, requestId: string, waiting: CallWaiting): Promise<void> {
    const { project } = this.#caller
    await this.#caller.global(`creating the network ${network.name}`, waiting, (options) =>
      this.#networks.insert({ project, networkResource: network, requestId }, options),
    )
  }

  /** Deletes; one that is gone is fine. */
  async delete(name: string, waiting: CallWaiting): Promise<void> {
    const { project } = this.#caller
    await forgiving(() =>
      this.#caller.global(`deleting the network ${name}`, waiting, (options) =>
        this.#networks.delete({ project, network: name }, options),
      ),
    )
  }

  async listFirewalls(filter: string, waiting: CallWaiting): Promise<Firewall[]> {
    return await read('listing firewall rules', waiting, async (options) => {
      const found: Firewall[] = []
      const listed = this.#firewalls.listAsync({ project: this.#caller.project, filter }, options)
      for await (const firewall of listed) found.push(firewall)
      return found
    })
  }

  async insertFirewall(firewall: Firewall, requestId: string, waiting: CallWaiting): Promise<void> {
    const { project } = this.#caller
    await this.#caller.global(`creating the firewall rule ${firewall.name}`, waiting, (options) =>
      this.#firewalls.insert({ project, firewallResource: firewall, requestId }, options),
    )
  }

  /** Deletes; one that is gone is fine. */
  async deleteFirewall(name: string, waiting: CallWaiting): Promise<void> {
    const { project } = this.#caller
    await forgiving(() =>
      this.#caller.global(`deleting the firewall rule ${name}`, waiting, (options) =>
        this.#firewalls.delete({ project, firewall: name }, options),
      ),
    )
  }

  get #networks() {
    return this.#caller.client('NetworksClient')
  }

  get #firewalls() {
    return this.#caller.client('FirewallsClient')
  }
}
