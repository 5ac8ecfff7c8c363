import { randomUUID } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { ownerText, shortOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'
import type { Firewall } from './client-networks.ts'
import type { GceClient } from './client.ts'
import { networkTag } from './marks.ts'
import type { GceOptions } from './options.ts'
import { IAP_RANGE } from './tunnel.ts'

/** Where the first card of a machine is plugged in. */
export interface Attachment {
  network: string
  subnetwork?: string
  /** Network tags of the machine. */
  tags: readonly string[]
}

/** Networks that are there, or that a run makes for itself. What was made is found by its description and removed by `removeOwn`. */
export class Networks {
  readonly #client: GceClient
  readonly #options: GceOptions
  readonly #attachments = new Map<string, Promise<Attachment>>()
  readonly #extra = new Map<string, Promise<string>>()
  readonly #made = new Set<string>()
  readonly #rules = new Set<string>()

  constructor(client: GceClient, options: GceOptions) {
    this.#client = client
    this.#options = options
  }

  /** Network, subnetwork and tags for the machines of a run, looked for once. @throws PlatformError not-found for a network that was named */
  async attachment(owner: Owner, waiting: CallWaiting): Promise<Attachment> {
    return await once(this.#attachments, owner.runId, () => this.#find(owner, waiting))
  }

  /** A network of its own for every further card; two cards of a machine may not be in the same. */
  async extra(index: number, owner: Owner, waiting: CallWaiting): Promise<{ network?: string; subnetwork?: string }> {
    const given = this.#options['extra-networks']?.[index]
    if (given !== undefined) return { subnetwork: given }
    const name = `${networkTag(owner.runId)}-nic${index + 1}`
    return { network: await once(this.#extra, name, () => this.#make(name, owner, waiting)) }
  }

  /** Removes what this session made, as far as nothing uses it any more; the rest stays for a sweep. */
  async removeOwn(waiting: CallWaiting): Promise<void> {
    for (const rule of this.#rules) await this.#client.networks.deleteFirewall(rule, waiting).catch(() => undefined)
    await Promise.all([...this.#made].map((name) => this.#client.networks.delete(name, waiting).catch(() => undefined)))
  }

  async #find(owner: Owner, waiting: CallWaiting): Promise<Attachment> {
    const { networks } = this.#client
    const wanted = this.#options.network ?? 'default'
    const found = await networks.get(wanted, waiting)
    if (!found && this.#options.network !== undefined)
      throw new PlatformError('not-found', `the project ${this.#client.project} has no network ${wanted}`, {
        hint: 'leave out `network`: the harness makes one then',
        cause: new Error(`no network ${wanted}`),
      })
    const name = found ? wanted : await this.#make(networkTag(owner.runId), owner, waiting)
    const network = `projects/${this.#client.project}/global/networks/${name.split('/').at(-1)}`
    const rules = await networks.listFirewalls('', waiting)
    const open = rules.some((rule) => rule.network?.endsWith(network) && letsSshIn(rule))
    if (!open) await this.#openSsh(network, owner, waiting)
    const { subnetwork } = this.#options
    return { network, tags: [networkTag(owner.runId)], ...(subnetwork === undefined ? {} : { subnetwork }) }
  }

  async #make(name: string, owner: Owner, waiting: CallWaiting): Promise<string> {
    const network = { name, description: ownerText(owner), autoCreateSubnetworks: true }
    this.#made.add(name)
    await unlessThere(this.#client.networks.insert(network, randomUUID(), waiting))
    return `projects/${this.#client.project}/global/networks/${name}`
  }

  async #openSsh(network: string, owner: Owner, waiting: CallWaiting): Promise<void> {
    const name = `${networkTag(owner.runId)}-${shortOf(network).slice(0, 4)}-ssh`
    this.#rules.add(name)
    const rule: Firewall = {
      name,
      network,
      description: ownerText(owner),
      direction: 'INGRESS',
      sourceRanges: this.#options['ssh-from'] ?? [this.#options.access === 'tunnel' ? IAP_RANGE : '0.0.0.0/0'],
      targetTags: [networkTag(owner.runId)],
      allowed: [{ IPProtocol: 'tcp', ports: ['22'] }],
    }
    await unlessThere(this.#client.networks.insertFirewall(rule, randomUUID(), waiting))
  }
}

/** Whether a rule lets everybody's SSH reach every machine of its network. */
export function letsSshIn(rule: Firewall): boolean {
  if (rule.disabled || rule.direction !== 'INGRESS') return false
  if ((rule.targetTags ?? []).length > 0 || (rule.targetServiceAccounts ?? []).length > 0) return false
  if (!(rule.sourceRanges ?? []).includes('0.0.0.0/0')) return false
  return (rule.allowed ?? []).some(({ IPProtocol, ports }) => {
    if (IPProtocol === 'all') return true
    return IPProtocol === 'tcp' && ((ports ?? []).length === 0 || (ports ?? []).some((port) => covers(port, 22)))
  })
}

function covers(range: string, port: number): boolean {
  const [from = 0, to = from] = range.split('-').map(Number)
  return from <= port && port <= to
}

/** Another process of the same run may have made it at the same time. */
async function unlessThere(making: Promise<void>): Promise<void> {
  try {
    await making
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
  }
}

/** What failed is tried again by whoever asks next. */
async function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let found = known.get(key)
  if (!found) {
    found = make()
    known.set(key, found)
    found.catch(() => known.delete(key))
  }
  return await found
}
