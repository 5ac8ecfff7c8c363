export interface Type {
  guestCpus: number
  memoryMb: number
  architecture: 'X86_64' | 'ARM64'
}

/** Facts of https://cloud.google.com/compute/docs/machine-resource, of the few types a rehearsal needs. */
export const TYPES: Readonly<Record<string, Type>> = {
  'e2-micro': { guestCpus: 2, memoryMb: 1024, architecture: 'X86_64' },
  'e2-small': { guestCpus: 2, memoryMb: 2048, architecture: 'X86_64' },
  'e2-medium': { guestCpus: 2, memoryMb: 4096, architecture: 'X86_64' },
  'e2-standard-2': { guestCpus: 2, memoryMb: 8192, architecture: 'X86_64' },
  'n1-standard-1': { guestCpus: 1, memoryMb: 3840, architecture: 'X86_64' },
  'n2-standard-2': { guestCpus: 2, memoryMb: 8192, architecture: 'X86_64' },
  'n2-standard-4': { guestCpus: 4, memoryMb: 16_384, architecture: 'X86_64' },
  't2a-standard-1': { guestCpus: 1, memoryMb: 4096, architecture: 'ARM64' },
  'c4a-standard-1': { guestCpus: 1, memoryMb: 4096, architecture: 'ARM64' },
}

/** Types a rehearsal can use. */
export function findType(name: string): Type | undefined {
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
}
