import { PlatformError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { shortOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'
import type { Ec2Client, Subnet } from './client.ts'
import type { Ec2Options } from './options.ts'
import { makeVpc, removeVpc } from './own-vpc.ts'
import { sharedOwner, tagged, tagsOf } from './tags.ts'
import { untilKnown } from './until-known.ts'

/** Tunnels come from an address of the VPC: https://www.rfc-editor.org/rfc/rfc1918 */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']

/** Where machines of a region are attached. */
export interface Attachment {
  vpc: string
  /** Subnet of each zone that has one. */
  subnets: ReadonlyMap<string, string>
  groups: string[]
}

/** Network, security group and keys that the machines of a run share in one region. Made when first needed. */
export class Shared {
  readonly #client: Ec2Client
  readonly #options: Ec2Options
  #attachment: Promise<Attachment> | undefined
  readonly #keys = new Map<string, Promise<string>>()
  readonly #own: { kind: 'group' | 'vpc' | 'key'; id: string }[] = []

  constructor(client: Ec2Client, options: Ec2Options) {
    this.#client = client
    this.#options = options
  }

  attachment(owner: Owner, waiting: CallWaiting): Promise<Attachment> {
    if (this.#attachment) return this.#attachment
    const asking = this.#find(owner, waiting)
    this.#attachment = asking
    asking.catch(() => (this.#attachment = undefined))
    return asking
  }

  /** Name of the key pair for a public key. */
  key(publicKey: string, owner: Owner, waiting: CallWaiting): Promise<string> {
    const name = `harness-${owner.runId}-${shortOf(publicKey)}`
    const known = this.#keys.get(name)
    if (known) return known
    const making = this.#importKey(name, publicKey, owner, waiting)
    this.#keys.set(name, making)
    making.catch(() => this.#keys.delete(name))
    return making
  }

  /** Removes what was made here and is no longer used; what is still used stays for whoever uses it, and for the sweep. */
  async removeOwn(waiting: CallWaiting): Promise<void> {
    for (const { kind, id } of this.#own.splice(0).toReversed()) {
      try {
        if (kind === 'key') await removeKey(this.#client, id, waiting)
        else if (kind === 'group') await removeGroup(this.#client, id, waiting)
        else await removeVpc(this.#client, id, waiting)
      } catch (error) {
        if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
      }
    }
  }

  async #find(owner: Owner, waiting: CallWaiting): Promise<Attachment> {
    const shared = sharedOwner(owner)
    const vpc = await this.#vpc(shared, waiting)
    const subnets = await this.#subnets(vpc, waiting)
    const groups = this.#options['security-groups'] ?? [await this.#group(vpc, shared, waiting)]
    return { vpc, subnets, groups }
  }

  async #vpc(owner: Owner, waiting: CallWaiting): Promise<string> {
    const { vpc, subnets } = this.#options
    if (vpc !== undefined) return vpc
    if (subnets) {
      const [subnet] = await this.#describeSubnets({ SubnetIds: subnets }, waiting)
      return subnet?.VpcId ?? ''
    }
    const Filters = [{ Name: 'is-default', Values: ['true'] }]
    const found = await this.#client.call('looking for the default VPC', waiting, (ec2, options) =>
      ec2.describeVpcs({ Filters }, options),
    )
    const present = found.Vpcs?.[0]?.VpcId
    if (present !== undefined) return present
    const made = await makeVpc(this.#client, owner, waiting)
    this.#own.push({ kind: 'vpc', id: made })
    return made
  }

  async #subnets(vpc: string, waiting: CallWaiting): Promise<Map<string, string>> {
    const { subnets } = this.#options
    const found = await this.#describeSubnets(
      subnets ? { SubnetIds: subnets } : { Filters: [{ Name: 'vpc-id', Values: [vpc] }] },
      waiting,
    )
    // One of those made by the account itself first: it gives public addresses.
    const sorted = found.sort((a, b) => Number(b.DefaultForAz ?? false) - Number(a.DefaultForAz ?? false))
    const byZone = new Map<string, string>()
    for (const { AvailabilityZone = '', SubnetId = '' } of sorted)
      if (!byZone.has(AvailabilityZone)) byZone.set(AvailabilityZone, SubnetId)
    if (byZone.size === 0)
      throw new PlatformError('not-found', `the VPC ${vpc} has no subnet`, { hint: 'make one, or choose another vpc' })
    return byZone
  }

  async #describeSubnets(
    input: { SubnetIds: string[] } | { Filters: { Name: string; Values: string[] }[] },
    waiting: CallWaiting,
  ): Promise<Subnet[]> {
    return await this.#client.list(
      'looking for subnets',
      waiting,
      (ec2, page, options) => ec2.describeSubnets({ ...input, ...page }, options),
      ({ Subnets }) => Subnets,
    )
  }

  /** One for the run, which other processes of the same run may have made. */
  async #group(vpc: string, owner: Owner, waiting: CallWaiting): Promise<string> {
    const name = `harness-${owner.runId}`
    const make = () =>
      this.#client.call(`making the security group ${name}`, waiting, (ec2, options) =>
        ec2.createSecurityGroup(
          {
            GroupName: name,
            Description: 'machines of harness',
            VpcId: vpc,
            TagSpecifications: tagged(['security-group'], tagsOf(owner, name)),
          },
          options,
        ),
      )
    const made = await make().catch(async (error: unknown) => {
      if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
      return await this.#presentGroup(name, vpc, waiting)
    })
    const id = made.GroupId ?? ''
    this.#own.push({ kind: 'group', id })
    await this.#letIn(id, waiting)
    return id
  }

  async #presentGroup(name: string, vpc: string, waiting: CallWaiting): Promise<{ GroupId?: string | undefined }> {
    const Filters = [
      { Name: 'group-name', Values: [name] },
      { Name: 'vpc-id', Values: [vpc] },
    ]
    for (;;) {
      const found = await this.#client.call(`looking for the security group ${name}`, waiting, (ec2, options) =>
        ec2.describeSecurityGroups({ Filters }, options),
      )
      const [group] = found.SecurityGroups ?? []
      if (group) return group
      // Its name is taken before it is listed.
      await pause(300, waiting.signal)
      if (waiting.signal?.aborted) return {}
    }
  }

  async #letIn(group: string, waiting: CallWaiting): Promise<void> {
    const everybody = this.#options.access === 'tunnel' ? PRIVATE : ['0.0.0.0/0', '::/0']
    const from = this.#options['ssh-from'] ?? everybody
    const port = this.#options['ssh-port'] ?? 22
    const IpPermissions = [
      {
        IpProtocol: 'tcp',
        FromPort: port,
        ToPort: port,
        IpRanges: from.filter((cidr) => !cidr.includes(':')).map((CidrIp) => ({ CidrIp })),
        Ipv6Ranges: from.filter((cidr) => cidr.includes(':')).map((CidrIpv6) => ({ CidrIpv6 })),
      },
    ]
    try {
      await untilKnown(waiting, () =>
        this.#client.call('letting SSH in', waiting, (ec2, options) =>
          ec2.authorizeSecurityGroupIngress({ GroupId: group, IpPermissions }, options),
        ),
      )
    } catch (error) {
      if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
    }
  }

  async #importKey(name: string, publicKey: string, owner: Owner, waiting: CallWaiting): Promise<string> {
    const tags = tagsOf(sharedOwner(owner), name)
    try {
      await this.#client.call(`importing the key pair ${name}`, waiting, (ec2, options) =>
        ec2.importKeyPair(
          {
            KeyName: name,
            PublicKeyMaterial: Buffer.from(publicKey),
            TagSpecifications: tagged(['key-pair'], tags),
          },
          options,
        ),
      )
    } catch (error) {
      // Its name says which key it is.
      if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
    }
    this.#own.push({ kind: 'key', id: name })
    return name
  }
}

export async function removeKey(client: Ec2Client, name: string, waiting: CallWaiting): Promise<void> {
  await client.forgiving(`removing the key pair ${name}`, waiting, (ec2, options) =>
    ec2.deleteKeyPair(name.startsWith('key-') ? { KeyPairId: name } : { KeyName: name }, options),
  )
}

export async function removeGroup(client: Ec2Client, id: string, waiting: CallWaiting): Promise<void> {
  await client.forgiving(`removing the security group ${id}`, waiting, (ec2, options) =>
    ec2.deleteSecurityGroup({ GroupId: id }, options),
  )
}
