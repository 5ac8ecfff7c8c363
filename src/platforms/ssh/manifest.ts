import type { PlatformManifest } from '../platform.ts'

export const manifest: PlatformManifest = {
  name: 'ssh',
  title: 'a machine you have, reached over SSH',
  capabilities: ['ssh', 'reboot'],
  packages: [],
  instanceTypes: { existing: {} },
  defaultInstanceType: 'existing',
  boots: ['existing'],
}
