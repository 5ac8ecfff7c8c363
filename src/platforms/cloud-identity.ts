import type { CloudName } from '../imds/cloud.ts'
import type { DocumentChange } from '../imds/document.ts'
import type { Fault } from '../imds/faults.ts'

/** Makes a guest believe that it runs on a cloud: the cloud's firmware identity, as far as the platform can, and its metadata service. */
export interface CloudIdentity {
  cloud: CloudName
  /** Network cards. Default 1. */
  nics?: number
  /** Further IPv4 addresses of the first card. Default none. */
  secondaryAddresses?: number
  /** The first card has an IPv6 address too. Default no. */
  ipv6?: boolean
  /** Values of the instance document that differ from what the platform and the launch request say. */
  document?: DocumentChange
  /** What goes wrong from the first boot on. */
  faults?: readonly Fault[]
  /** Answers by path, instead of those of the cloud. */
  answers?: Readonly<Record<string, string>>
  /** A file with metadata of the user's, or a recorded folder. */
  stock?: string
}
