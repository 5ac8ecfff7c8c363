import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import type { CloudIdentity } from '../../../src/platforms/cloud-identity.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import { testDisk } from '../qemu/test-disk.ts'
import { speaking, tinyFolder } from '../qemu/tiny-guests.ts'
import { probeKernel, whyNoProbe } from './probe-kernel.ts'
import type { ProbeKernel } from './probe-kernel.ts'

const disk = await testDisk()
const skip = disk.missing ?? (await whyNoProbe()) ?? (process.getuid?.() === 0 ? undefined : 'needs root')

/** A link-local service of the host, as a host on a cloud has one, and any other address of it. */
const [METADATA, OTHER] = ['169.254.170.2', '192.0.2.77'] as const

/** What a guest tells on its console of its firmware, its network and its drive. */
const SCRIPT = `
$B mkdir -p /proc /sys /dev /mnt
$B mount -t proc proc /proc; $B mount -t sysfs sys /sys; $B mount -t devtmpfs dev /dev
for module in virtio_pci virtio_net virtio_scsi sr_mod isofs; do /usr/sbin/modprobe $module 2>/dev/null; done
$B sleep 2
card=$($B ls /sys/class/net | $B grep -v lo | $B head -n 1)
$B ip link set lo up; $B ip link set $card up
$B ip address add 168.0.2.15/7 dev $card
$B ip route add default via 168.0.2.2
ask() { printf 'GET %s HTTP/1.0\\r\\nHost: x\\r\\nMetadata: true\\r\\n\\r\\n' "$2" | $B nc -w 30 "$1" 80 | $B tail -n 1 | $B head -c 60; echo; }
echo
echo "probe vendor: $($B cat /sys/class/dmi/id/sys_vendor)"
echo "probe tag: $($B cat /sys/class/dmi/id/chassis_asset_tag)"
echo "probe azure: $(ask 169.254.169.254 '/metadata/instance/compute/azEnvironment?api-version=2021-08-01&format=text')"
echo "probe wire: $(ask 168.63.129.16 '/?comp=versions')"
echo "probe ec2: $(printf 'PUT /latest/api/token HTTP/1.1\\r\\nHost: x\\r\\nX-aws-ec2-metadata-token-ttl-seconds: 60\\r\\nConnection: close\\r\\n\\r\\n' | $B nc -w 8 169.254.169.254 80 | $B head -n 1)"
echo "probe host: $(ask ${OTHER} /)"
echo "probe link-local: $(ask ${METADATA} /)"
$B mount -t iso9660 -o ro /dev/sr0 /mnt 2>/dev/null
echo "probe disc: $($B ls /mnt)"
echo "probe end"
$B poweroff -f
`

describe.skipIf(skip)(`the network and firmware of guests on QEMU${skip ? ` (skipped: ${skip})` : ''}`, () => {
  const folder = tinyFolder()
  let kernel: ProbeKernel
  const servers = [METADATA, OTHER].map(() => createServer((_, response) => response.end('credentials of the host')))

  beforeAll(async () => {
    kernel = await probeKernel(folder.path, disk.path ?? '', SCRIPT)
    for (const [index, address] of [METADATA, OTHER].entries()) {
      await runHost(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo'], { deadlineMs: 10_000 })
      await new Promise<void>((resolve) => servers[index]?.listen(80, address, resolve))
    }
  }, 240_000)
  afterAll(async () => {
    for (const [index, address] of [METADATA, OTHER].entries()) {
      servers[index]?.closeAllConnections()
      servers[index]?.close()
      await runHost(['ip', 'address', 'del', `${address}/32`, 'dev', 'lo'], { deadlineMs: 10_000 })
    }
    folder[Symbol.dispose]()
  })

  async function told(cloudIdentity?: CloudIdentity): Promise<Record<string, string>> {
    await using session = await openPlatform('qemu', {})
    await using instance = await session.launch({
      image: folder.image('empty.img', speaking('')),
      boot: 'bios',
      extra: { kernel },
      ...(cloudIdentity ? { cloudIdentity } : {}),
    })
    const shown = await waitUntil({ what: 'the end of the probe', deadlineMs: 240_000 }, async () => {
      const text = await instance.consoleLog()
      return text.includes('probe end') ? { done: true, value: text } : { done: false, saw: text.slice(-300) }
    })
    const pairs = [...shown.matchAll(/^probe ([\w-]+): ?(.*?)\r?$/gm)].map(
      ([, key = '', value = '']) => [key, value] as const,
    )
    return Object.fromEntries(pairs)
  }

  test('a guest of Azure has the firmware, both services and the disc, and nothing else; no guest is led to a metadata service of the host', async () => {
    const [azure, plain] = await Promise.all([told({ cloud: 'azure' }), told()])
    expect(azure).toMatchObject({
      vendor: 'Microsoft Corporation',
      tag: '7783-7084-3265-9085-8269-3286-77',
      azure: 'AzurePublicCloud',
      wire: expect.stringContaining('<Versions'),
      disc: 'ovf-env.xml',
      host: '',
      'link-local': '',
    })
    expect(plain).toMatchObject({
      azure: '',
      wire: '',
      ec2: '',
      disc: '',
      host: 'credentials of the host',
      'link-local': '',
    })
  }, 300_000)

  test('a guest of EC2 gets a token', async () => {
    const ec2 = await told({ cloud: 'ec2' })
    expect(ec2).toMatchObject({
      vendor: 'Amazon EC2',
      ec2: 'HTTP/1.1 200 OK',
      host: '',
      azure: '401 - Unauthorized',
      wire: '',
      'link-local': '',
    })
  }, 300_000)
})
