import type { InstanceTypeInfo, _InstanceType } from '@aws-sdk/client-ec2'

interface Row {
  name: string
  cpus: number
  memoryMiB: number
  architecture?: 'arm64'
  boots?: readonly ('legacy-bios' | 'uefi')[]
  cards: number
  ipv6?: false
  /** Zones that do not have it, by their letter. */
  not?: string
  metal?: true
}

const BOTH = ['legacy-bios', 'uefi'] as const

/** A few types with what AWS says of them (https://docs.aws.amazon.com/ec2/latest/instancetypes/). */
const ROWS: readonly Row[] = [
  { name: 't2.micro', cpus: 1, memoryMiB: 1024, boots: ['legacy-bios'], cards: 2 },
  { name: 't3.micro', cpus: 2, memoryMiB: 1024, cards: 2 },
  { name: 't3.small', cpus: 2, memoryMiB: 2048, cards: 3 },
  { name: 't3.medium', cpus: 2, memoryMiB: 4096, cards: 3 },
  { name: 't3a.small', cpus: 2, memoryMiB: 2048, cards: 2, not: 'c' },
  { name: 'm5.large', cpus: 2, memoryMiB: 8192, cards: 3 },
  { name: 'm1.small', cpus: 1, memoryMiB: 1740, boots: ['legacy-bios'], cards: 2, ipv6: false },
  { name: 'm5.metal', cpus: 96, memoryMiB: 393_216, cards: 15, metal: true },
  { name: 't4g.micro', cpus: 2, memoryMiB: 1024, architecture: 'arm64', boots: ['uefi'], cards: 2 },
  { name: 't4g.small', cpus: 2, memoryMiB: 2048, architecture: 'arm64', boots: ['uefi'], cards: 3 },
  { name: 'm7g.medium', cpus: 1, memoryMiB: 4096, architecture: 'arm64', boots: ['uefi'], cards: 2 },
]

export const TYPES: ReadonlyMap<string, InstanceTypeInfo> = new Map(ROWS.map((row) => [row.name, describe(row)]))

/** Whether a zone has a type. */
export function isOffered(type: string, zone: string): boolean {
  const row = ROWS.find(({ name }) => name === type)
  return row !== undefined && row.not !== zone.at(-1)
}

function describe(row: Row): InstanceTypeInfo {
  const old = row.name.startsWith('m1') || row.name.startsWith('t2')
  return {
    InstanceType: row.name as _InstanceType,
    CurrentGeneration: !row.name.startsWith('m1'),
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: row.metal ?? false,
    ...(row.metal ? {} : { Hypervisor: old ? 'xen' : 'nitro' }),
    ProcessorInfo: { SupportedArchitectures: [row.architecture ?? 'x86_64'] },
    VCpuInfo: { DefaultVCpus: row.cpus },
    MemoryInfo: { SizeInMiB: row.memoryMiB },
    EbsInfo: { NvmeSupport: old ? 'unsupported' : 'required' },
    NetworkInfo: {
      MaximumNetworkInterfaces: row.cards,
      Ipv4AddressesPerInterface: row.cards * 2,
      Ipv6Supported: row.ipv6 ?? true,
    },
    SupportedBootModes: [...(row.boots ?? BOTH)],
  }
}
