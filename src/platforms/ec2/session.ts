import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import { defaultUser } from '../cloud-line.ts'
import { firstWithCapacity } from '../cloud-places.ts'
import type { Place as Candidate } from '../cloud-places.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { LaunchRequest, PlatformImage, PlatformSession, Resource } from '../platform.ts'
import { userOf } from './catalogue.ts'
import { Ec2Client } from './client.ts'
import type { Instance } from './client.ts'
import { ConnectEndpoints } from './client-tunnel.ts'
import { findElsewhere, findImage } from './images.ts'
import type { FoundImage } from './images.ts'
import { launchAt } from './launch.ts'
import { checkType, choicesOf, Lookup } from './lookup.ts'
import { Ec2Machine } from './machine.ts'
import { manifest } from './manifest.ts'
import { Shared } from './network.ts'
import { parseExtra } from './options.ts'
import type { Ec2Options, LaunchExtra } from './options.ts'
import { isImageFile, registerImage } from './register-image.ts'
import { listResources, removeResource } from './resources.ts'
import { removeImage } from './snapshots.ts'
import { Watch } from './watch.ts'

type ResolveOptions = Parameters<PlatformSession['resolveImage']>[1]

const RESOLVE_MS = 120_000
const UPLOAD_MS = 3 * 3_600_000

/** One region, with what is known and made there. */
interface Region {
  client: Ec2Client
  lookup: Lookup
  shared: Shared
  watch: Watch
  tunnels: ConnectEndpoints
}

/** One account, signed in to. */
export class Ec2Session implements PlatformSession {
  readonly manifest = manifest
  readonly #home: Region
  readonly #options: Ec2Options
  readonly #regions = new Map<string, Promise<Region>>()
  readonly #images = new Map<string, Promise<FoundImage>>()
  /** Ids of images this session made of files. */
  readonly #registered = new Set<string>()

  private constructor(client: Ec2Client, options: Ec2Options) {
    this.#options = options
    this.#home = this.#regionOf(client)
    this.#regions.set(client.region, Promise.resolve(this.#home))
  }

  static async open(options: Ec2Options): Promise<Ec2Session> {
    return new Ec2Session(await Ec2Client.open(options), options)
  }

  /** Also registers an image from a file: a raw disk `./disk.raw`, or what qemu-img can turn into one. */
  async resolveImage(reference: string, options: ResolveOptions): Promise<PlatformImage> {
    const { signal, architecture } = options
    const { client } = this.#home
    const file = isImageFile(reference)
    const waiting = { deadlineMs: file ? UPLOAD_MS : RESOLVE_MS, signal }
    const onMade = (id: string) => void this.#registered.add(id)
    const wanted = file ? await registerImage(client, reference, { ...options, onMade }, waiting) : reference
    return await this.#image(wanted, architecture, waiting)
  }

  async launch(request: LaunchRequest): Promise<Ec2Machine> {
    if (request.cloudIdentity) throw new UnsupportedError('ec2 is a cloud: its guests get no other identity')
    const extra = parseExtra(request)
    const waiting = { deadlineMs: request.deadlineMs, signal: request.signal }
    const image = await this.#image(request.image, undefined, waiting)
    // What was taken away once is not risked again.
    const market = request.owner.attempt > 1 ? 'on-demand' : (extra.market ?? this.#options.market ?? 'on-demand')
    const launch = (how: 'on-demand' | 'spot') => this.#launch(request, extra, image, how, waiting)
    const { region, instance, address } = await launch(market).catch(async (error: unknown) => {
      const lack = market === 'spot' && error instanceof PlatformError && ['capacity', 'quota'].includes(error.kind)
      if (!lack) throw error
      return await launch('on-demand')
    })
    const machine = this.#machine(region, instance, image.user ?? defaultUser(image.distribution), address)
    return await this.#withCards(machine, request)
  }

  async attach(id: string): Promise<Ec2Machine> {
    const { region, instance: wanted } = this.#parse(id)
    const place = await this.#in(region)
    const instance = /^i-[0-9a-f]+$/.test(wanted) ? await place.watch.of(wanted, { fresh: true }) : undefined
    if (!instance || instance.State?.Name === 'terminated')
      throw new PlatformError('not-found', `EC2 has no machine "${id}" in ${region}`, {
        hint: 'write it as i-0123456789abcdef0, or REGION:i-0123456789abcdef0',
        cause: new Error(`no machine ${id}`),
      })
    const { Images } = await place.client.call(
      'looking for the image of a machine',
      { deadlineMs: RESOLVE_MS },
      (ec2, options) =>
        ec2.describeImages({ Filters: [{ Name: 'image-id', Values: [instance.ImageId ?? ''] }] }, options),
    )
    const [image] = Images ?? []
    const user = image?.Tags?.find(({ Key }) => Key === 'harness:user')?.Value ?? userOf({ owner: image?.OwnerId })
    return this.#machine(place, instance, user, this.#options.address ?? 'public')
  }

  async resources(filter: { runId?: string }): Promise<Resource[]> {
    const names = [this.#home.client.region, ...(this.#options['other-regions'] ?? [])]
    const regions = await Promise.all([...new Set([...names, ...this.#regions.keys()])].map((name) => this.#in(name)))
    const found = await Promise.all(
      regions.map(({ client }) => listResources(client, filter, (id) => this.#idIn(client.region, id))),
    )
    return found.flat()
  }

  async remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void> {
    const { region, instance } = this.#parse(resource.id)
    await removeResource(await this.#in(region), instance)
  }

  async close(): Promise<void> {
    const regions = await Promise.all(this.#regions.values())
    const { client: home } = this.#home
    // What is left is found by its tags.
    await Promise.allSettled([...this.#registered].map((id) => removeImage(home, id, { deadlineMs: 120_000 })))
    try {
      await Promise.all(regions.map(({ shared }) => shared.removeOwn({ deadlineMs: 60_000 })))
    } finally {
      for (const { client } of regions) client.close()
    }
  }

  async #launch(
    request: LaunchRequest,
    extra: LaunchExtra,
    image: FoundImage,
    market: 'on-demand' | 'spot',
    waiting: CallWaiting,
  ): Promise<{ region: Region; instance: Instance; address: 'public' | 'private' | 'ipv6' }> {
    const choices = choicesOf(request, extra, this.#options, this.#home.client.region)
    const address = extra.address ?? this.#options.address ?? 'public'
    const candidates: Candidate[] = []
    for (const { region, zones } of choices.regions)
      for (const instanceType of choices.types)
        candidates.push(...(await this.#sites(region, zones, instanceType, request, waiting)))
    if (candidates.length === 0)
      throw noPlace(
        choices.types,
        choices.regions.map(({ region }) => region),
      )
    const { value } = await firstWithCapacity(candidates, async ({ region: name, zone, instanceType }) => {
      const region = await this.#in(name)
      const type = await region.lookup.type(instanceType, waiting)
      if (!type) return 'unfit'
      const there = name === this.#home.client.region ? image : await this.#elsewhere(region, image, waiting)
      checkType(type, there, request, { ipv6: address === 'ipv6' })
      const attachment = await region.shared.attachment(request.owner, waiting)
      // Without one the machine would be paid for in vain.
      if (this.#options.access === 'tunnel') await region.tunnels.of(attachment.vpc, waiting)
      const subnet = attachment.subnets.get(zone)
      if (subnet === undefined) return 'unfit'
      const [key] = request.sshKeys ?? []
      const keyName = key === undefined ? undefined : await region.shared.key(key, request.owner, waiting)
      const plan = { request, options: this.#options, image: there, keyName, attachment, market, address }
      const instance = await launchAt(region, plan, { zone, instanceType, subnet }, waiting)
      return { region, instance, address }
    })
    return value
  }

  /** Zones are only asked for where none are named: of another region when the first has no capacity. */
  async #sites(
    region: string,
    zones: readonly string[],
    instanceType: string,
    { owner }: LaunchRequest,
    waiting: CallWaiting,
  ): Promise<Candidate[]> {
    const { lookup, shared } = await this.#in(region)
    const having = await lookup.zones(instanceType, waiting)
    const { subnets } = await shared.attachment(owner, waiting)
    const allowed = zones.length > 0 ? zones : having.filter((zone) => subnets.has(zone))
    return allowed.filter((zone) => having.includes(zone)).map((zone) => ({ region, zone, instanceType }))
  }

  /** An instance that is launched with several cards gets no public address, so they are added. */
  async #withCards(machine: Ec2Machine, { nics = 0 }: LaunchRequest): Promise<Ec2Machine> {
    try {
      for (let card = 0; card < nics; card++) await machine.addNic()
      return machine
    } catch (error) {
      await machine.destroy().catch(() => undefined)
      throw error
    }
  }

  #machine(
    region: Region,
    instance: Instance,
    user: string | undefined,
    address: 'public' | 'private' | 'ipv6',
  ): Ec2Machine {
    const id = instance.InstanceId ?? ''
    const users = [this.#options.user ?? user ?? 'ec2-user']
    const place = { client: region.client, watch: region.watch, id }
    const about = {
      id: this.#idIn(region.client.region, id),
      options: this.#options,
      users,
      address,
      tunnels: region.tunnels,
    }
    return new Ec2Machine(place, about, instance)
  }

  #regionOf(client: Ec2Client): Region {
    return {
      client,
      lookup: new Lookup(client),
      shared: new Shared(client, this.#options),
      watch: new Watch(client),
      tunnels: new ConnectEndpoints(client),
    }
  }

  #in(name: string): Promise<Region> {
    const known = this.#regions.get(name)
    if (known) return known
    const opening = this.#home.client.in(name).then((client) => this.#regionOf(client))
    this.#regions.set(name, opening)
    opening.catch(() => this.#regions.delete(name))
    return opening
  }

  #idIn(region: string, id: string): string {
    return region === this.#home.client.region ? id : `${region}:${id}`
  }

  #parse(id: string): { region: string; instance: string } {
    const at = id.indexOf(':')
    return { region: at < 0 ? this.#home.client.region : id.slice(0, at), instance: id.slice(at + 1) }
  }

  /** Looked for once, so that all machines of a run are of the same image. */
  #image(reference: string, architecture: string | undefined, waiting: CallWaiting): Promise<FoundImage> {
    return this.#once(`${architecture ?? ''} ${reference}`, async () => {
      const image = await findImage(this.#home.client, reference, architecture, waiting)
      this.#images.set(` ${image.id}`, Promise.resolve(image))
      return image
    })
  }

  #elsewhere({ client }: Region, image: FoundImage, waiting: CallWaiting): Promise<FoundImage> {
    return this.#once(`${client.region} ${image.id}`, () => findElsewhere(client, image, waiting))
  }

  #once(key: string, find: () => Promise<FoundImage>): Promise<FoundImage> {
    const known = this.#images.get(key)
    if (known) return known
    const finding = find()
    this.#images.set(key, finding)
    finding.catch(() => this.#images.delete(key))
    return finding
  }
}

function noPlace(types: readonly string[], regions: readonly string[]): PlatformError {
  const what = `there is no type ${types.join(', ')} in a zone with a subnet of ${regions.join(', ')}`
  return new PlatformError('not-found', what, {
    hint: 'choose another instance-type, zone or region',
    cause: new Error(what),
  })
}
