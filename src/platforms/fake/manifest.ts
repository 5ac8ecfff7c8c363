import type { PlatformManifest } from '../platform.ts'

export const manifest: PlatformManifest = {
  name: 'fake',
  title: 'machines in memory, for tests of the harness itself',
  capabilities: [
    'exec-without-network',
    'console',
    'reboot',
    'stop-start',
    'force-stop',
    'snapshot',
    'user-data',
    'vendor-data',
    'network-config',
    'extra-disk',
    'extra-nic',
    'ipv6',
  ],
  packages: [],
  instanceTypes: { small: { cpus: 1, memoryMiB: 512 }, large: { cpus: 4, memoryMiB: 8192 } },
  defaultInstanceType: 'small',
  boots: ['container'],
}
