import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { shortOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'
import type { AzureClient } from './client.ts'
import { groupName, tagsOf } from './marks.ts'
import type { AzureOptions } from './options.ts'

/** Where machines of a run are put in a location. */
export interface Ground {
  group: string
  /** Id of the subnet. */
  subnet: string
  /** Id of the security group, where the run has one of its own. */
  securityGroup?: string
}

/** Types of resources that may stay in a group when it goes: nothing of a run is in them. */
const EMPTY = /^microsoft\.network\/(virtualnetworks|networksecuritygroups)$/i

/** Resource groups and networks that are there, or that a run makes for itself. */
export class Grounds {
  readonly #client: AzureClient
  readonly #options: AzureOptions
  readonly #known = new Map<string, Promise<Ground>>()
  readonly #made = new Set<string>()

  constructor(client: AzureClient, options: AzureOptions) {
    this.#client = client
    this.#options = options
  }

  /** Made once for a run and a location. @throws PlatformError */
  async of(owner: Owner, location: string, waiting: CallWaiting): Promise<Ground> {
    const key = `${owner.runId} ${location}`
    const known = this.#known.get(key) ?? this.#prepare(owner, location, waiting)
    this.#known.set(key, known)
    known.catch(() => this.#known.delete(key))
    return await known
  }

  /** Removes the groups this session made, unless something of the run is still in them: that is left to a sweep. */
  async removeOwn(waiting: CallWaiting): Promise<void> {
    await Promise.all(
      [...this.#made].map(async (group) => {
        const left = await this.#client.listInGroup(group, waiting).catch(() => undefined)
        if (left?.every(({ type }) => EMPTY.test(type ?? '')))
          await this.#client.deleteGroup(group, waiting).catch(() => undefined)
      }),
    )
  }

  async #prepare(owner: Owner, location: string, waiting: CallWaiting): Promise<Ground> {
    const given = this.#options['resource-group']
    const group = given ?? groupName(owner.runId, location)
    const tags = tagsOf({ ...owner, cell: '' })
    if (given === undefined) {
      this.#made.add(group)
      await this.#client.putGroup(group, { location, tags }, waiting)
    }
    const { subnet } = this.#options
    if (subnet !== undefined) return { group, subnet }
    const name = `h-${shortOf(owner.runId)}-${location}`
    const sources = this.#options['ssh-from'] ?? ['*']
    const securityGroup = await this.#client.networks.putSecurityGroup(
      { group, name },
      {
        location,
        tags,
        securityRules: [
          {
            name: 'ssh',
            priority: 1000,
            direction: 'Inbound',
            access: 'Allow',
            protocol: 'Tcp',
            ...(sources.length === 1
              ? { sourceAddressPrefix: sources[0] ?? '*' }
              : { sourceAddressPrefixes: [...sources] }),
            sourcePortRange: '*',
            destinationAddressPrefix: '*',
            destinationPortRange: '22',
          },
        ],
      },
      waiting,
    )
    const network = await this.#client.networks.putNetwork(
      { group, name },
      {
        location,
        tags,
        addressSpace: { addressPrefixes: ['10.90.0.0/16'] },
        subnets: [{ name: 'machines', addressPrefix: '10.90.0.0/20', networkSecurityGroup: { id: securityGroup } }],
      },
      waiting,
    )
    const made = network.subnets?.[0]?.id
    if (made === undefined || securityGroup === '') {
      throw new PlatformError('unavailable', `Azure told no id of the network ${name}`, {
        cause: new Error('an answer without an id'),
      })
    }
    return { group, subnet: made, securityGroup }
  }
}
