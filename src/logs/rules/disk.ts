import type { LogRule } from '../rule.ts'
import { cloudInit } from './sources.ts'

/** Partitions, file systems, mounts and swap. */
export const diskRules: readonly LogRule[] = [
  {
    id: 'disk-growpart-failed',
    severity: 'error',
    means: 'the root partition could not be grown',
    pattern: 'Failed( growpart --dry-run for|: growpart|: gpart (recover|resize)|: service growfs)',
    source: cloudInit('cloudinit/config/cc_growpart.py'),
    hits: [
      'util.py[WARNING]: Failed growpart --dry-run for (/dev/sda, 2)',
      'util.py[WARNING]: Failed: growpart /dev/sda 2',
    ],
    misses: ["cc_growpart.py[DEBUG]: '/' SKIPPED: device_part_info(/dev/root) failed", 'Failed to growpart'],
  },
  {
    id: 'disk-resizefs-failed',
    severity: 'error',
    means: 'the root file system could not be grown',
    pattern: 'Failed to resize filesystem \\(cmd=',
    source: cloudInit('cloudinit/config/cc_resizefs.py'),
    hits: ["util.py[WARNING]: Failed to resize filesystem (cmd=('resize2fs', '/dev/vda1'))"],
    misses: ['cc_resizefs.py[DEBUG]: Resizing took 0.005 seconds', 'Failed to resize filesystem'],
  },
  {
    id: 'disk-resize-nodev',
    severity: 'error',
    means: 'the device of the root file system was not found',
    pattern:
      "(Device '[^ ]+' did not exist|Unable to find device '/dev/root'|not a block device)\\.? ?(cannot resize)?",
    where: ['cloud-init.log', 'cloud-init-output.log'],
    source: cloudInit('cloudinit/config/cc_resizefs.py'),
    hits: [
      "cc_resizefs.py[WARNING]: Device '/dev/PARTUUID=19fa8722-01' did not exist. cannot resize: dev=/dev/root mnt_point=/ path=/",
    ],
    misses: ["cc_resizefs.py[DEBUG]: Device '/dev/vda1' did exist", "Unable to find device '/dev/vda'"],
  },
  {
    id: 'disk-setup-failed',
    severity: 'error',
    means: 'a configured disk could not be partitioned or formatted',
    pattern: 'Failed (partitioning operation|during filesystem operation)|Failed to partition device',
    source: cloudInit('cloudinit/config/cc_disk_setup.py'),
    hits: ['util.py[WARNING]: Failed partitioning operation', 'util.py[WARNING]: Failed during filesystem operation'],
    misses: ['cc_disk_setup.py[DEBUG]: Partitioning disks: {}', 'Failed during shutdown'],
  },
  {
    id: 'disk-mount-activate',
    severity: 'error',
    means: 'a configured mount failed',
    pattern: "Failed to make '[^ ]+' config-mount|Activate mounts: FAIL:",
    source: cloudInit('cloudinit/config/cc_mounts.py'),
    hits: [
      "util.py[WARNING]: Failed to make '/mnt' config-mount",
      'cc_mounts.py[WARNING]: Activate mounts: FAIL:mount -a',
    ],
    misses: ['cc_mounts.py[DEBUG]: Activate mounts: PASS:mount -a'],
  },
  {
    id: 'disk-swap-failed',
    severity: 'error',
    means: 'the configured swap could not be made',
    pattern: 'failed to setup swap:',
    source: cloudInit('cloudinit/config/cc_mounts.py'),
    hits: ['cc_mounts.py[WARNING]: failed to setup swap: x'],
    misses: ['cc_mounts.py[DEBUG]: no need to setup swap', 'failed to setup swapfile'],
  },
]
