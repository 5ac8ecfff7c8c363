/** The parts of the LXD REST API (version 1.0, the same in Incus) that the platform reads. */

export interface ServerInfo {
  api_extensions: string[]
  auth: 'trusted' | 'untrusted'
  environment?: {
    server: string
    server_version: string
    storage?: string
    kernel_version?: string
    architectures?: string[]
  }
}

export type Devices = Record<string, Record<string, string>>

export interface SnapshotInfo {
  /** Without the name of its instance. */
  name: string
  config: Record<string, string>
}

export interface InstanceInfo {
  name: string
  project?: string
  type: 'container' | 'virtual-machine'
  status: string
  status_code: number
  ephemeral: boolean
  architecture: string
  config: Record<string, string>
  devices: Devices
  expanded_config: Record<string, string>
  expanded_devices: Devices
  profiles: string[]
  snapshots?: SnapshotInfo[] | null
}

export interface InstanceState {
  status: string
  status_code: number
  pid: number
  network: Record<string, NetworkState> | null
}

export interface NetworkState {
  type: string
  addresses: { family: 'inet' | 'inet6'; address: string; scope: 'global' | 'link' | 'local' }[]
}

export interface ImageInfo {
  fingerprint: string
  aliases: { name: string }[]
  architecture: string
  type: 'container' | 'virtual-machine'
  size: number
  properties: Record<string, string>
  last_used_at?: string
}

export interface AliasInfo {
  name: string
  target: string
}

export interface ProfileInfo {
  name: string
  devices: Devices
}

export interface PoolInfo {
  name: string
  driver: string
  status?: string
}

export interface NetworkInfo {
  name: string
  type: string
  managed: boolean
  config: Record<string, string>
}

export interface VolumeInfo {
  name: string
  type: string
  config: Record<string, string>
}

export interface OperationInfo {
  id: string
  status: string
  status_code: number
  metadata: Record<string, unknown> | null
  err: string
}

/** Status codes of the API that a machine can have. */
export const STATUS = { stopped: 102, running: 103, starting: 106, stopping: 107, frozen: 110, error: 112 } as const
