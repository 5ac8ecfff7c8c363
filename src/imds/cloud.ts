import type { InstanceDocument } from './document.ts'

/** Clouds whose metadata service can be played. */
export const CLOUD_NAMES = [
  'ec2',
  'gce',
  'azure',
  'openstack',
  'oracle',
  'hetzner',
  'digitalocean',
  'vultr',
  'nocloud-net',
] as const

export type CloudName = (typeof CLOUD_NAMES)[number]

/** The metadata service itself, or the second one that some clouds have beside it. */
export type EndpointName = 'metadata' | 'wire'

export interface Endpoint {
  name: EndpointName
  /** IPv4 address at which guests of the cloud reach it, port 80. */
  address: string
}

export interface ImdsRequest {
  endpoint: EndpointName
  method: string
  /** Decoded, without the query. */
  path: string
  query: URLSearchParams
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  body: string
}

export interface Answer {
  status: number
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  /** Something the service must remember, by name; an answer has no other effect. */
  keep?: { name: string; value: string }
}

/** A disc the cloud puts into the drive of a new machine. */
export interface ProvisioningDisc {
  label: string
  files: readonly { name: string; content: string }[]
}

/** Everything an answer depends on besides the request. */
export interface ImdsContext {
  document: InstanceDocument
  /** Milliseconds since the epoch. */
  now: number
  /** Signs tokens, so that they need not be stored. */
  secret: string
  /** Tokens made before this time count as expired. */
  tokensSince: number
  kept: ReadonlyMap<string, string>
}

/** Keys of the firmware tables by which guests recognise a cloud, named as in `/sys/class/dmi/id`. */
export type DmiKey = 'sys_vendor' | 'product_name' | 'product_serial' | 'product_uuid' | 'chassis_asset_tag'

/** One cloud: pure functions from an instance document to what the guest sees of it. */
export interface Cloud {
  name: CloudName
  title: string
  /** Name of the cloud-init datasource. */
  datasource: string
  /** What `cloud-id` prints. */
  cloudId: string
  /** Where the rules of this file come from. */
  sources: readonly string[]
  endpoints: readonly Endpoint[]
  /** Largest user-data in bytes, as the cloud's API has it. */
  userDataLimit: number
  /** Vendor-data reach the guest. */
  vendorData: boolean
  /** Ids of a new instance, from bytes that are random or derived. */
  ids(seed: Uint8Array): { id: string; uuid: string }
  dmi(document: InstanceDocument): Partial<Record<DmiKey, string>>
  /** DHCP options the cloud sends, in the words of dnsmasq; `gateway` is the address of the router. */
  dhcpOptions?(gateway: string): readonly string[]
  /** What is in the CD drive of a machine at its first boot. */
  disc?(document: InstanceDocument): ProvisioningDisc
  /** Names that must resolve to the metadata service. */
  hostNames?: readonly string[]
  /** Refuses a request that breaks the rules of the cloud: methods, headers, tokens. */
  guard(request: ImdsRequest, context: ImdsContext): Answer | undefined
  /** Answers a request that keeps the rules. Unknown paths are 404. */
  answer(request: ImdsRequest, context: ImdsContext): Answer
}

/** Types a cloud without changing it. */
export function defineCloud(cloud: Cloud): Cloud {
  return cloud
}

export const LINK_LOCAL = '169.254.169.254'
export const METADATA_ENDPOINT: Endpoint = { name: 'metadata', address: LINK_LOCAL }
