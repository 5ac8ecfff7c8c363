import type { PlatformManifest } from '../platform.ts'

/** Virtual machines of Microsoft Azure. */
export const manifest: PlatformManifest = {
  name: 'azure',
  title: 'Microsoft Azure',
  capabilities: [
    'ssh',
    'console',
    'reboot',
    'stop-start',
    'force-stop',
    'snapshot',
    'user-data',
    'extra-disk',
    'own-kernel',
    'image-import',
  ],
  quotas: true,
  packages: [
    '@azure/arm-compute@25.1.1',
    '@azure/arm-network@39.0.0',
    '@azure/arm-resources@8.0.0',
    '@azure/identity@4.14.1',
  ],
  // Asked from the API before a launch; these are what is known without asking.
  instanceTypes: {
    Standard_B1s: { cpus: 1, memoryMiB: 1024 },
    Standard_B2s: { cpus: 2, memoryMiB: 4096 },
    Standard_D2s_v5: { cpus: 2, memoryMiB: 8192 },
    Standard_D2ps_v5: { cpus: 2, memoryMiB: 8192 },
    Standard_B2pts_v2: { cpus: 2, memoryMiB: 1024 },
  },
  defaultInstanceType: 'Standard_B2s',
  boots: ['uefi', 'uefi-secure', 'bios'],
  axes: {
    region: 'any',
    zone: ['1', '2', '3'],
    market: ['on-demand', 'spot'],
    address: ['public', 'private'],
  },
  architectures: ['amd64', 'arm64'],
}
