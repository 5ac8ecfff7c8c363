import { createHash } from 'node:crypto'
import type {
  Ec2InstanceConnectEndpoint,
  Image,
  Instance,
  InternetGateway,
  KeyPairInfo,
  NetworkInterface,
  SecurityGroup,
  Snapshot,
  Subnet,
  Tag,
  TagSpecification,
  Volume,
  Vpc,
} from '@aws-sdk/client-ec2'
import type { FaultKind, FaultScript } from '../faults.ts'
import { Shutdowns } from '../shutdowns.ts'
import type { SimulatorSettings } from '../simulator.ts'
import type { Caller } from './caller.ts'
import { Shelf } from './shelf.ts'

export const ACCOUNT = '123456789012'

/** An instance, and what of it no answer shows. */
export interface SimulatedInstance {
  data: Instance & { InstanceId: string }
  onShutdown: 'stop' | 'terminate'
  /** Base64, as it came. */
  userData: string | undefined
  /** The console as it was at the last change of state, and what `Latest` adds. */
  console: string
  /** The change that is going on; the next one waits for it. */
  work: Promise<void>
  /** Nothing was booted for it. */
  hollow: boolean
  /** Tags are in its metadata. */
  tellsTags: boolean
  /** Its key, as the metadata service tells it. */
  publicKey: string | undefined
}

export interface SimulatedImage {
  data: Image & { ImageId: string }
  /** What the back end boots. */
  boots: string
  /** Made here, so the back end must forget it in the end. */
  own: boolean
}

export interface SimulatedSnapshot {
  data: Snapshot & { SnapshotId: string }
  /** Blocks of 512 KiB by index, of a snapshot that is written block by block. */
  blocks?: Map<number, Uint8Array>
  /** What the back end made of it. */
  boots?: string
}

export interface KeyPair {
  data: KeyPairInfo
  material: string
}

/** What one region of the account has. */
export class World {
  readonly region: string
  readonly zones: readonly string[]
  readonly settings: SimulatorSettings
  readonly faults: FaultScript
  readonly shutdowns: Shutdowns
  readonly instances: Shelf<SimulatedInstance>
  readonly images: Shelf<SimulatedImage>
  readonly snapshots: Shelf<SimulatedSnapshot>
  readonly volumes: Shelf<Volume>
  readonly keys: Shelf<KeyPair>
  readonly groups: Shelf<SecurityGroup>
  readonly vpcs: Shelf<Vpc>
  readonly subnets: Shelf<Subnet>
  readonly gateways: Shelf<InternetGateway>
  readonly cards: Shelf<NetworkInterface>
  readonly connectEndpoints: Shelf<Ec2InstanceConnectEndpoint>
  /** Where this server is reached, as its last caller called it. */
  host = '127.0.0.1'
  /** Answers by operation and client token. */
  readonly tokens = new Map<string, { parameters: string; answer: object }>()
  #counter = 0

  constructor(region: string, settings: SimulatorSettings, faults: FaultScript) {
    this.region = region
    this.zones = ['a', 'b', 'c'].map((letter) => `${region}${letter}`)
    this.settings = settings
    this.faults = faults
    this.shutdowns = new Shutdowns(settings.backend)
    const clock = { now: () => Date.now(), delayMs: () => this.#delay() }
    const atOnce = { ...clock, delayMs: () => 0 }
    this.instances = new Shelf('InvalidInstanceID.NotFound', 'instance', clock)
    this.images = new Shelf('InvalidAMIID.NotFound', 'image', clock)
    this.snapshots = new Shelf('InvalidSnapshot.NotFound', 'snapshot', atOnce)
    this.volumes = new Shelf('InvalidVolume.NotFound', 'volume', atOnce)
    this.keys = new Shelf('InvalidKeyPair.NotFound', 'key pair', clock)
    this.groups = new Shelf('InvalidGroup.NotFound', 'security group', clock)
    this.vpcs = new Shelf('InvalidVpcID.NotFound', 'vpc', clock)
    this.subnets = new Shelf('InvalidSubnetID.NotFound', 'subnet', atOnce)
    this.gateways = new Shelf('InvalidInternetGatewayID.NotFound', 'internetGateway', clock)
    this.cards = new Shelf('InvalidNetworkInterfaceID.NotFound', 'networkInterface', atOnce)
    this.connectEndpoints = new Shelf('InvalidInstanceConnectEndpointId.NotFound', 'instanceConnectEndpoint', clock)
  }

  /** An id of its own: `i-0123456789abcdef0`. */
  id(prefix: string): string {
    const seed = `${this.settings.seed ?? 1} ${this.region} ${prefix} ${++this.#counter}`
    return `${prefix}-0${createHash('sha256').update(seed).digest('hex').slice(0, 16)}`
  }

  strikes(kind: FaultKind, ...labels: (string | undefined)[]): boolean {
    return this.faults.strikes(kind, [this.region, ...labels])
  }

  get pageSize(): number {
    return this.settings.pageSize ?? 50
  }

  get pendingMs(): number {
    return this.settings.pendingMs ?? 300
  }

  #delay(): number {
    const usual = this.settings.delayMs ?? 200
    return this.strikes('late-list') ? usual * 10 : usual
  }
}

/** What an operation knows besides its input. */
export interface Call {
  world: World
  caller: Caller
  action: string
}

/** Tags for one kind of resource in a create call. */
export function tagsFor(kind: string, specifications: readonly TagSpecification[] | undefined): Tag[] {
  return (specifications ?? []).filter(({ ResourceType }) => ResourceType === kind).flatMap(({ Tags }) => Tags ?? [])
}
