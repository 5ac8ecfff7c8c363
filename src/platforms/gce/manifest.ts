import type { PlatformManifest } from '../platform.ts'

/** Virtual machines of Google Compute Engine. */
export const manifest: PlatformManifest = {
  name: 'gce',
  title: 'Google Compute Engine',
  capabilities: [
    'ssh',
    'console',
    'reboot',
    'stop-start',
    'force-stop',
    'snapshot',
    'user-data',
    'extra-disk',
    'extra-nic',
    'ipv6',
    'own-kernel',
    'image-import',
  ],
  quotas: true,
  packages: ['@google-cloud/compute@7.8.0', 'google-auth-library@11.3.4'],
  // Asked from the API before a launch; these are what is known without asking.
  instanceTypes: {
    'e2-small': { cpus: 2, memoryMiB: 2048 },
    'e2-medium': { cpus: 2, memoryMiB: 4096 },
    'e2-standard-2': { cpus: 2, memoryMiB: 8192 },
    'n2-standard-2': { cpus: 2, memoryMiB: 8192 },
    't2a-standard-1': { cpus: 1, memoryMiB: 4096 },
    'c4a-standard-1': { cpus: 1, memoryMiB: 4096 },
  },
  defaultInstanceType: 'e2-small',
  boots: ['uefi', 'uefi-secure', 'bios'],
  axes: {
    region: 'any',
    zone: 'any',
    market: ['on-demand', 'spot'],
    address: ['public', 'private', 'ipv6'],
    nested: ['on'],
  },
  architectures: ['amd64', 'arm64'],
}
