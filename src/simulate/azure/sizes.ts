interface Size {
  cpus: number
  memoryGB: number
  architecture: 'x64' | 'Arm64'
  generations: string
  nics: number
  disks: number
}

/** Facts of https://learn.microsoft.com/en-us/azure/virtual-machines/sizes/overview, of the few sizes a rehearsal needs. */
const SIZES: Readonly<Record<string, Size>> = {
  Standard_B1s: { cpus: 1, memoryGB: 1, architecture: 'x64', generations: 'V1,V2', nics: 2, disks: 2 },
  Standard_B2s: { cpus: 2, memoryGB: 4, architecture: 'x64', generations: 'V1,V2', nics: 3, disks: 4 },
  Standard_D2s_v5: { cpus: 2, memoryGB: 8, architecture: 'x64', generations: 'V1,V2', nics: 2, disks: 4 },
  Standard_D2ps_v5: { cpus: 2, memoryGB: 8, architecture: 'Arm64', generations: 'V2', nics: 2, disks: 4 },
  Standard_B2pts_v2: { cpus: 2, memoryGB: 1, architecture: 'Arm64', generations: 'V2', nics: 2, disks: 4 },
}

export function findSize(name: string): Size | undefined {
  return Object.hasOwn(SIZES, name) ? SIZES[name] : undefined
}

/** Sizes of a location, in the words of the list of SKUs. */
export function skusOf(location: string): object[] {
  return Object.entries(SIZES).map(([name, size]) => ({
    resourceType: 'virtualMachines',
    name,
    tier: 'Standard',
    size: name.replace('Standard_', ''),
    family: `${name.toLowerCase()}Family`,
    locations: [location],
    locationInfo: [{ location, zones: ['1', '2', '3'] }],
    capabilities: Object.entries({
      vCPUs: size.cpus,
      MemoryGB: size.memoryGB,
      CpuArchitectureType: size.architecture,
      HyperVGenerations: size.generations,
      MaxNetworkInterfaces: size.nics,
      MaxDataDiskCount: size.disks,
    }).map(([key, value]) => ({ name: key, value: String(value) })),
    restrictions: [],
  }))
}

/** The same in the words of the older list of sizes. */
export function vmSizesOf(): object[] {
  return Object.entries(SIZES).map(([name, { cpus, memoryGB, disks }]) => ({
    name,
    numberOfCores: cpus,
    memoryInMB: memoryGB * 1024,
    maxDataDiskCount: disks,
    osDiskSizeInMB: 1_047_552,
    resourceDiskSizeInMB: memoryGB * 2048,
  }))
}
