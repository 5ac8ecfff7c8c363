import { CLOUD_NAMES } from '../../imds/cloud.ts'
import type { PlatformManifest } from '../platform.ts'

/** Containers and virtual machines of LXD or Incus. */
export const manifest: PlatformManifest = {
  name: 'lxd',
  title: 'LXD or Incus, on this host or remote',
  capabilities: [
    'exec-without-network',
    'ssh',
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
    'at-rest',
    'image-import',
    'cloud-identity',
  ],
  axes: { identity: CLOUD_NAMES },
  packages: [],
  instanceTypes: {
    default: {},
    micro: { cpus: 1, memoryMiB: 512 },
    small: { cpus: 1, memoryMiB: 1024 },
    medium: { cpus: 2, memoryMiB: 2048 },
    large: { cpus: 4, memoryMiB: 4096 },
  },
  defaultInstanceType: 'default',
  boots: ['container', 'uefi'],
  architectures: 'host',
}
