import { CLOUD_NAMES } from '../../imds/cloud.ts'
import type { PlatformManifest } from '../platform.ts'

/** Virtual machines that QEMU runs as processes of this user: no daemon, no root. */
export const manifest: PlatformManifest = {
  name: 'qemu',
  title: 'QEMU on this host, with or without acceleration',
  capabilities: [
    'ssh',
    'console',
    'reboot',
    'stop-start',
    'force-stop',
    'snapshot',
    'warm-start',
    'user-data',
    'vendor-data',
    'network-config',
    'extra-disk',
    'extra-nic',
    'at-rest',
    'own-kernel',
    'image-import',
    'cloud-identity',
  ],
  axes: { identity: CLOUD_NAMES },
  packages: [],
  instanceTypes: {
    default: { cpus: 1, memoryMiB: 1024 },
    micro: { cpus: 1, memoryMiB: 512 },
    small: { cpus: 1, memoryMiB: 1024 },
    medium: { cpus: 2, memoryMiB: 2048 },
    large: { cpus: 4, memoryMiB: 4096 },
  },
  defaultInstanceType: 'default',
  boots: ['uefi', 'uefi-secure', 'bios'],
  architectures: ['amd64', 'arm64'],
}
