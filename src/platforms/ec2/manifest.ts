import type { PlatformManifest } from '../platform.ts'

/** Virtual machines of Amazon EC2. */
export const manifest: PlatformManifest = {
  name: 'ec2',
  title: 'Amazon EC2',
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
  packages: ['@aws-sdk/client-ec2@3.1169.0'],
  // Asked from the API before a launch; these are what is known without asking.
  instanceTypes: {
    't3.micro': { cpus: 2, memoryMiB: 1024 },
    't3.small': { cpus: 2, memoryMiB: 2048 },
    't3.medium': { cpus: 2, memoryMiB: 4096 },
    't2.micro': { cpus: 1, memoryMiB: 1024 },
    'm5.large': { cpus: 2, memoryMiB: 8192 },
    't4g.micro': { cpus: 2, memoryMiB: 1024 },
    't4g.small': { cpus: 2, memoryMiB: 2048 },
    'm7g.medium': { cpus: 1, memoryMiB: 4096 },
  },
  defaultInstanceType: 't3.small',
  boots: ['uefi', 'bios'],
  axes: {
    region: 'any',
    zone: 'any',
    market: ['on-demand', 'spot'],
    address: ['public', 'private', 'ipv6'],
  },
  architectures: ['amd64', 'arm64'],
}
