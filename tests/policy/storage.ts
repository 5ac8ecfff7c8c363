import { policy, wanted } from '../../src/testing/index.ts'

policy(
  'disk-no-swap',
  {
    title: 'there is no swap on the disk of the system',
    because: 'swap on a network disk is slow, costs money for each access and fills the image',
    source:
      'Microsoft Marketplace certification policies, 200.3.3: no swap partition on the OS disk; https://github.com/microsoft/lisa, verify_no_swap_on_osdisk',
    severity: 'minor',
    phase: 'rest',
    fix: 'remove the swap line from /etc/fstab',
  },
  (context) => {
    if (wanted(context, 'swap') === 'allowed') context.skip('swap is allowed here')
    const swaps = context.facts.fstab.filter(({ type, source }) => type === 'swap' && !source.startsWith('/dev/zram'))
    context
      .expect(
        swaps.map(({ source, target }) => `${source} ${target} swap`),
        'swap in fstab',
      )
      .toEqual([])
  },
)

policy(
  'disk-no-active-swap',
  {
    title: 'no swap is in use on the disk of the system',
    because: 'what fstab does not name can still be switched on by a unit or a script',
    source: 'https://github.com/microsoft/lisa, verify_no_swap_on_osdisk',
    severity: 'minor',
    phase: ['first-boot', 'after-reboot'],
    applies: { ownKernel: true },
    fix: 'find the swap unit: systemctl list-units --type swap',
  },
  (context) => {
    if (wanted(context, 'swap') === 'allowed') context.skip('swap is allowed here')
    context
      .expect(
        context.facts.swaps.filter(({ name }) => !/zram/.test(name)).map(({ name }) => name),
        'active swap',
      )
      .toEqual([])
  },
)

policy(
  'disk-stable-id',
  {
    title: 'the root file system is named by a stable id',
    because: 'device names change with the instance type and the order of disks',
    source: 'https://github.com/microsoft/lisa, verify_os_partition_identifier; fstab(5)',
    severity: 'blocker',
    phase: 'rest',
    applies: { ownKernel: true },
    fix: 'use UUID=, PARTUUID= or LABEL= in /etc/fstab and root=',
  },
  ({ facts, expect }) => {
    const stable = /^(UUID=|LABEL=|PARTUUID=|PARTLABEL=|\/dev\/(mapper|disk|gpt|ufs|gptid)\/|zroot|rpool)/
    const roots = facts.fstab.filter(({ target }) => target === '/').map(({ source }) => source)
    const kernel = facts.loader.arguments.flatMap((word) => /^root=(.+)$/.exec(word)?.[1] ?? [])
    expect([...roots, ...kernel], 'names of the root file system').not.toEqual([])
    expect(
      [...roots, ...kernel].filter((name) => !stable.test(name)),
      'names that are not stable',
    ).toEqual([])
  },
)

policy(
  'disk-fstab-sane',
  {
    title: 'every entry of fstab can be mounted by an instance',
    because: 'one entry that waits for a disk of the build machine stops the boot in emergency mode',
    source: 'systemd.mount(5), FSTAB; https://docs.openstack.org/image-guide/openstack-images.html',
    severity: 'major',
    phase: 'rest',
    fix: 'remove the entry or add nofail',
  },
  ({ facts, expect }) => {
    const risky = facts.fstab.filter(
      ({ source, target, options, type }) =>
        /^\/dev\/((x?v|s|h)d[a-z]|nvme|sr|mmc)/.test(source) &&
        target !== '/' &&
        type !== 'swap' &&
        !options.includes('nofail') &&
        !options.includes('noauto'),
    )
    expect(
      risky.map(({ source, target }) => `${source} ${target}`),
      'entries by device name, without nofail',
    ).toEqual([])
    const targets = facts.fstab.filter(({ type }) => type !== 'swap').map(({ target }) => target)
    expect(
      targets.filter((target, index) => targets.indexOf(target) !== index),
      'mount points that are listed twice',
    ).toEqual([])
  },
)

policy(
  'disk-root-growable',
  {
    title: 'the tools that grow the root file system are installed',
    because: 'an image is small; the disk of an instance is not',
    source:
      'https://docs.openstack.org/image-guide/openstack-images.html, "Disk partitions and resize root partition on boot"; https://docs.cloud-init.io/en/latest/reference/modules.html, growpart',
    severity: 'major',
    phase: 'rest',
    fix: 'install cloud-guest-utils, fdisk (or gdisk) and the tools of the file system',
  },
  ({ facts, expect }) => {
    const { commands } = facts.cloudInit
    const any = (...names: string[]) => names.some((name) => commands[name] !== undefined)
    if (facts.os.id === 'freebsd') return
    expect(any('growpart'), 'growpart is installed').toBe(true)
    expect(any('sfdisk', 'sgdisk'), 'sfdisk or sgdisk is installed: growpart calls them').toBe(true)
    expect(any('resize2fs', 'xfs_growfs', 'btrfs'), 'resize2fs, xfs_growfs or btrfs is installed').toBe(true)
  },
)
