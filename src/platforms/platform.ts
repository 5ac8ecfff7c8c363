import type { Capability, Machine } from '../instance/machine.ts'
import type { CloudIdentity } from './cloud-identity.ts'

/** Pure data about a platform; loading it costs nothing. */
export interface PlatformManifest {
  name: string
  title: string
  capabilities: readonly Capability[]
  /** Optional npm packages the platform needs at run time. */
  packages: readonly string[]
  /** Names of instance types with what they give. Platforms with an API for this list only a default here. */
  instanceTypes: Readonly<Record<string, { cpus?: number; memoryMiB?: number }>>
  defaultInstanceType: string
  /** How the machine boots: `container`, `uefi`, `bios`. First is the default. */
  boots: readonly string[]
  /**
   * Axes of a matrix that only this platform understands, such as `identity`, and further values of `disk` and `nic`.
   * A launch gets the value of a cell in `extra`, under the name of the axis. Default none.
   */
  axes?: Readonly<Record<string, readonly string[] | 'any'>>
  /** Its accounts have quotas, which `Platform.quota` reads. Default no. */
  quotas?: boolean
  /** What it can run, as Debian spells it; `host`: only what the host is, unless the matrix says where else it is. Default anything. */
  architectures?: readonly string[] | 'host'
}

/** Marks put on every resource, so that `sweep` finds what a killed run left. */
export interface Owner {
  runId: string
  cell: string
  attempt: number
  /** ISO 8601. After it the resource may be removed by anyone's sweep. */
  expires: string
}

export interface LaunchRequest {
  /** Image reference as the user wrote it, or the id a snapshot returned. */
  image: string
  /** Deterministic; a second attempt with the same name adopts or deletes what the first left. */
  name: string
  instanceType?: string
  boot?: string
  userData?: string
  vendorData?: string
  networkConfig?: string
  metaData?: Record<string, string>
  /** Empty disks the machine has from its first boot on, in this order. Only with the capability `extra-disk`. */
  disks?: readonly { sizeGiB: number }[]
  /** Network cards beyond the usual one, from the first boot on. Only with the capability `extra-nic`. */
  nics?: number
  /** Gone when stopped, where the platform has such a thing. */
  ephemeral?: boolean
  /**
   * Continues from the memory saved with the snapshot instead of booting, with capability `warm-start`. Host keys, machine id, instance
   * id and boot id are then those of the machine that was saved: not for checks that look at what a boot makes new.
   */
  warm?: boolean
  /** OpenSSH public keys to be authorised for the default user. */
  sshKeys?: readonly string[]
  /** The cloud the guest is to believe it runs on; user-data, vendor-data and keys then arrive by its metadata service. */
  cloudIdentity?: CloudIdentity
  owner: Owner
  deadlineMs: number
  signal?: AbortSignal
  /** Platform-specific extras, validated by the platform: `{ config, devices, profiles, project, pool }` on LXD. */
  extra?: Readonly<Record<string, unknown>>
}

export type ResourceKind = 'machine' | 'image' | 'snapshot' | 'disk' | 'nic' | 'key' | 'network' | 'file'

/** Something of ours that exists on the platform. */
export interface Resource {
  kind: ResourceKind
  id: string
  runId: string
  cell: string
  expires: string | undefined
}

/** An image the platform can launch. */
export interface PlatformImage {
  id: string
  /** `sha256:...` of what the platform stores, where it can tell. */
  digest: string | undefined
  distribution: string
  release: string
  architecture: string
  variant: string
  description: string
  /** Which build of the image it is, where the platform can tell. */
  build?: string
  /** Where it is, on platforms with several places. */
  region?: string
}

/** The root file system of an image that never booted, on local disk. */
export interface ImageAtRest extends AsyncDisposable {
  /** Path of its `/` on this host. */
  root: string
  /** Words before a command that reads it, which bring it to where the owners of the files are right. */
  enter?: readonly string[]
}

/** A signed-in platform, as its implementer writes it. */
export interface PlatformSession {
  /** `name`, `manifest` data. */
  readonly manifest: PlatformManifest
  /** Finds an image by name, alias or id, importing a locally built one when needed. @throws PlatformError not-found, with near names in the hint */
  resolveImage(
    reference: string,
    options: {
      owner: Owner
      signal?: AbortSignal
      onProgress?: (line: string) => void
      /** As Debian spells it, for a name that stands for images of several. */
      architecture?: string
    },
  ): Promise<PlatformImage>
  /** Root file system of an image on local disk, never booted; disposed when read. Only with capability `at-rest`. */
  openImageAtRest?(imageId: string, options: { signal?: AbortSignal }): Promise<ImageAtRest>
  launch(request: LaunchRequest): Promise<Machine>
  attach(id: string): Promise<Machine>
  /** Everything of ours; of one run when given. */
  resources(filter: { runId?: string }): Promise<Resource[]>
  /** Removes one resource. Removing twice is fine. */
  remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void>
  close(): Promise<void>
}

/** One prerequisite of a platform on this host, for `doctor`. */
export interface Prerequisite {
  name: string
  ok: boolean
  /** What was found, or what is missing. */
  detail: string
  /** The command that fixes it. */
  fix?: string
  /** Runs work without it. */
  optional?: boolean
}

/** What an account may run at a time in a region. */
export interface AccountQuota {
  region: string
  vcpus: number
  /** Of these, what runs now, by whomever. */
  used: number
}

/** What a platform folder exports as default from `platform.ts`. */
export interface Platform<Options = unknown> {
  manifest: PlatformManifest
  /** Validates the options and signs in. @throws ConfigError, PrerequisiteError, PlatformError auth */
  open(options: Options): Promise<PlatformSession>
  doctor(options: Options): Promise<Prerequisite[]>
  /** What the account may run in the region of the options; undefined where it does not tell. @throws HarnessError */
  quota?(options: Options, waiting: { deadlineMs: number; signal?: AbortSignal }): Promise<AccountQuota | undefined>
  /** How many times longer than on usual hardware machines take here; deadlines are multiplied by it. Default 1. */
  pace?(options: Options): Promise<number>
}

/** Types a platform definition without changing it. */
export function definePlatform<Options>(platform: Platform<Options>): Platform<Options> {
  return platform
}
