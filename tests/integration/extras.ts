import { regression } from '../../src/testing/index.ts'

regression(
  'reg-disk-extra',
  {
    title: 'a machine with more disks has each of them from its first boot on',
    because: 'a disk that is not seen is a disk nobody can use, and partitions must not grow onto the wrong one',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#disk-setup',
    severity: 'major',
    fix: 'look for the driver of the disk in the kernel and its initramfs, and at the rules of udev',
    applies: { axes: { disk: 'extra-*' } },
  },
  async ({ instance, cell, expect }) => {
    const wanted = Number(/^extra-(\d)x/.exec(cell.axes?.['disk'] ?? '')?.[1] ?? 1)
    if (cell.boot === 'container') {
      const mounted = await instance.root.sh`findmnt -rno TARGET | grep -E '^/mnt/disk[0-9]+$' || :`
      expect(mounted.split('\n').filter(Boolean), 'mounted disks').toHaveLength(wanted)
      return
    }
    const root = await instance.root.sh`lsblk -nro PKNAME "$(findmnt -no SOURCE /)" | head -n 1`
    const disks = (await instance.root.sh`lsblk -dnro NAME,TYPE`).split('\n').map((line) => line.split(' '))
    const others = disks.filter(([name, type]) => type === 'disk' && name !== root.trim())
    expect(others.length, `disks beside ${root.trim()}`).toBeGreaterThanOrEqual(wanted)
  },
)

regression(
  'reg-nic-extra',
  {
    title: 'a machine with more network cards has each of them from its first boot on, and still one way out',
    because: 'a second card must be there to be configured, and must not take the default route from the first',
    source: 'https://docs.cloud-init.io/en/latest/reference/network-config.html#fallback-network-configuration',
    severity: 'major',
    fix: 'look at the network configuration cloud-init wrote: cloud-init devel net-convert, netplan or /etc/network',
    applies: { axes: { nic: 'extra-*' } },
  },
  async ({ instance, cell, expect }) => {
    const wanted = 1 + Number(/^extra-(\d)$/.exec(cell.axes?.['nic'] ?? '')?.[1] ?? 1)
    const cards = (await instance.sh`ls /sys/class/net`).split('\n').filter((name) => name && name !== 'lo')
    expect(cards.length, `network cards: ${cards.join(' ')}`).toBeGreaterThanOrEqual(wanted)
    const routes = (await instance.sh`ip -4 route show default`).split('\n').filter(Boolean)
    expect(routes, 'default routes').toHaveLength(1)
  },
)
