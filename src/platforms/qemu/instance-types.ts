import { ConfigError } from '../../core/errors.ts'
import { manifest } from './manifest.ts'

/** What a machine is given. */
export interface Size {
  cpus: number
  memoryMiB: number
  /** The root disk is at least this large; a larger image keeps its size. */
  diskGiB: number
}

const DISK_GIB = 8

/** Size of an instance type: a name of the manifest, or `c<cpus>m<MiB>[d<GiB>]`, for example `c2m1536d20`. @throws ConfigError */
export function sizeOf(instanceType: string | undefined): Size {
  const name = instanceType ?? manifest.defaultInstanceType
  const match = /^c([1-9]\d{0,2})m([1-9]\d{1,6})(?:d([1-9]\d{0,4}))?$/.exec(name)
  if (match) return { cpus: Number(match[1]), memoryMiB: Number(match[2]), diskGiB: Number(match[3] ?? DISK_GIB) }
  const type = Object.hasOwn(manifest.instanceTypes, name) ? manifest.instanceTypes[name] : undefined
  if (!type) {
    throw new ConfigError(`"${name}" is not an instance type of qemu`, {
      hint: `use ${Object.keys(manifest.instanceTypes).join(', ')}, or c<cpus>m<MiB>d<GiB>, for example c2m2048d20`,
    })
  }
  return { cpus: type.cpus ?? 1, memoryMiB: type.memoryMiB ?? 1024, diskGiB: DISK_GIB }
}
