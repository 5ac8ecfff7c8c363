import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { launchCloudGuest } from '../../../src/platforms/cloud-guest.ts'
import type { CloudGuest } from '../../../src/platforms/cloud-guest.ts'
import lxd from '../../../src/platforms/lxd/platform.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import type { Session } from '../../../src/platforms/session.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'

const skip = await whyNoLxd()
const TOKEN = `curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token`
/** What a request to the API of a cloud says. */
const ASKED = {
  id: 'i-0123456789abcdef0',
  hostname: 'ip-10-0-0-5',
  instanceType: 'm7i.large',
  tags: { Name: 'web' },
  sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGiftzrvTSl3mXKmWFYSXJZqPM0+HdKzNDqKnqUTHF7r of-the-request'],
  userData: Buffer.from('#cloud-config\nwrite_files: [{path: /var/lib/asked, content: by the API}]\n').toString(
    'base64',
  ),
  userDataBase64: true,
}

/** Whether the network of guests without a cloud has its rules too: that of `harness setup` has, one of somebody else may not. */
const shielded = skip ? false : (await lxd.doctor({})).some(({ name, ok }) => name === 'shield' && ok)

describe.skipIf(skip)(`guests with the identity of clouds${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let session: Session
  let guest: CloudGuest
  let ec2: Instance
  let openstack: Instance
  let plain: Instance

  beforeAll(async () => {
    session = await openPlatform('lxd', {})
    ;[guest, openstack, plain] = await Promise.all([
      launchCloudGuest(session, { image, cloud: 'ec2', document: ASKED }),
      session.launch({ image, cloudIdentity: { cloud: 'openstack' } }),
      session.launch({ image }),
    ])
    ec2 = guest.instance
    await Promise.all([ec2, openstack, plain].map((instance) => instance.waitUntilReady()))
  }, 180_000)
  afterAll(async () => {
    await Promise.all([ec2, openstack, plain].map((instance) => instance?.destroy()))
    await session?.close()
  })

  test('each is answered by its own cloud, with its own data', async () => {
    expect(await ec2.root.sh`cloud-id`).toBe('aws')
    expect(await openstack.root.sh`cloud-id`).toBe('openstack')
    const token = await ec2.root
      .sh`curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token`
    const id = await ec2.root
      .sh`curl -sf -H ${`X-aws-ec2-metadata-token: ${token}`} http://169.254.169.254/latest/meta-data/instance-id`
    expect(id).toBe((await ec2.machine.imds?.state())?.document.id)
    expect((await openstack.root.run(TOKEN)).exitCode, 'a token on OpenStack').not.toBe(0)
    expect(await openstack.root.sh`curl -sf http://169.254.169.254/openstack/latest/meta_data.json`).toContain(
      (await openstack.machine.imds?.state())?.document.uuid,
    )
    expect(
      (await plain.root.run('curl -s -m 3 http://169.254.169.254/openstack')).stdout,
      'a guest without a cloud',
    ).not.toContain('latest')
  })

  test('a guest that the API of a cloud was asked for has the content of the request, and the API its addresses', async () => {
    expect(guest.document).toMatchObject(ASKED)
    expect(await ec2.root.sh`cloud-init query ds.meta_data.instance_id`).toBe(ASKED.id)
    expect(await ec2.root.sh`cat /var/lib/asked`).toBe('by the API')
    expect(await ec2.root.sh`cat /home/*/.ssh/authorized_keys`).toBe(ASKED.sshKeys[0])
    expect((await ec2.addresses()).map(({ address }) => address)).toContain(guest.document.nics[0]?.ipv4.address)
    await guest.imds.change({ tags: { Name: 'renamed' } })
    expect((await guest.imds.state()).document.tags).toEqual({ Name: 'renamed' })
  })

  test('what a guest left and asked is known of that guest only', async () => {
    const [first, second] = await Promise.all([ec2.machine.imds?.state(), openstack.machine.imds?.state()])
    expect(first?.exchanges.every(({ path }) => !path.startsWith('/openstack'))).toBe(true)
    expect(second?.exchanges.some(({ path }) => path.startsWith('/openstack'))).toBe(true)
  })

  test('nothing listens at the address of a metadata service on the host', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? [])
    expect(addresses).not.toContain('169.254.169.254')
    expect(addresses).not.toContain('168.63.129.16')
    const routes = await runHost(['ip', 'route', 'show', 'table', 'all'], { deadlineMs: 10_000 })
    expect(routes).not.toMatch(/169\.254\.169\.254|168\.63\.129\.16/)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'no guest reaches the metadata service of the host it is on, even when it wants to (needs root)',
    async () => {
      // Stand for what a host on a cloud has, a service at a link-local address, and for any other address.
      const [metadata, other] = ['169.254.170.2', '192.0.2.77'] as const
      const servers = [metadata, other].map(() =>
        createServer((_, response) => response.end('credentials of the host')),
      )
      for (const [index, address] of [metadata, other].entries()) {
        await runHost(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo'], { deadlineMs: 10_000 })
        await new Promise<void>((resolve) => servers[index]?.listen(80, address, resolve))
      }
      const ask = (address: string) => `curl -s -m 3 http://${address}/`
      try {
        for (const guest of shielded ? [plain, ec2, openstack] : [ec2, openstack]) {
          expect((await guest.root.run(ask(other))).stdout, 'any other address').toBe('credentials of the host')
          expect((await guest.root.run(ask(metadata))).stdout).toBe('')
          // Root of the guest may take away what was put in the way inside.
          await guest.root.run(`ip route add ${metadata} via $(ip route show default | cut -d' ' -f3)`)
          expect((await guest.root.run(ask(metadata))).stdout).toBe('')
        }
      } finally {
        for (const [index, address] of [metadata, other].entries()) {
          servers[index]?.closeAllConnections()
          servers[index]?.close()
          await runHost(['ip', 'address', 'del', `${address}/32`, 'dev', 'lo'], { deadlineMs: 10_000 })
        }
      }
    },
  )

  test('a reboot keeps the service, and the identity', async () => {
    await openstack.reboot()
    expect(await openstack.root.sh`cloud-id`).toBe('openstack')
    expect(await openstack.root.sh`curl -sf http://169.254.169.254/openstack`).toContain('latest')
  })

  test('nothing is left when they are gone', async () => {
    await Promise.all([ec2, openstack].map((instance) => instance.destroy()))
    const left = await session.resources({ runId: session.owner.runId })
    expect(left.filter(({ id }) => id !== plain.name)).toEqual([])
    const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(`harness-imds-${process.pid}-`))
    expect(folders, 'folders with sockets').toEqual([])
    const forwarders = await probeHost(['pgrep', '-f', `forkproxy.*${ec2.name}`], { deadlineMs: 10_000 })
    expect(forwarders.stdout, 'processes of LXD for the guest').toBe('')
  })
})
