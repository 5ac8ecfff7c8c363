import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause } from '../../../src/core/wait-until.ts'
import type { Machine } from '../../../src/instance/machine.ts'
import type { Transport } from '../../../src/instance/transport/transport.ts'
import { image, openBench, text, whyNoLxd } from './open-lxd.ts'
import type { Bench } from './open-lxd.ts'

const skip = await whyNoLxd()
const BOOT = { deadlineMs: 120_000 }

describe.skipIf(skip)(`lxd machine${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let bench: Bench
  let machine: Machine
  let line: Transport
  beforeAll(async () => {
    bench = await openBench()
    machine = await bench.launch({
      instanceType: 'c1m700',
      userData: '#cloud-config\nruncmd: [touch /var/tmp/from-user-data]\n',
      vendorData: '#cloud-config\nbootcmd: [touch /var/tmp/from-vendor-data]\n',
      metaData: { flavour: 'it\'s "odd": \\ yes' },
      sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL1160QINxbAShV5Py6GXSzKkbf9DJNXxaWNK1xhhDF7 test'],
    })
    line = await machine.connect({ deadlineMs: 20_000 })
    await sh(line, 'cloud-init status --wait')
  })
  afterAll(async () => {
    await line?.close()
    await machine?.destroy()
    const left = await bench?.session.resources({ runId: bench.owner.runId })
    await bench?.session.close()
    expect(left).toEqual([])
  })

  test('user-data, vendor-data, meta-data and keys arrive, and nothing warns', async () => {
    expect(await sh(line, 'ls /var/tmp/from-*')).toBe('/var/tmp/from-user-data\n/var/tmp/from-vendor-data\n')
    expect(await sh(line, 'cloud-init query ds.meta_data.flavour')).toBe('it\'s "odd": \\ yes\n')
    expect(await sh(line, 'cat /home/*/.ssh/authorized_keys')).toContain(
      'AAAAC3NzaC1lZDI1NTE5AAAAIL1160QINxbAShV5Py6GXSzKkbf9DJNXxaWNK1xhhDF7',
    )
    expect(await sh(line, 'cloud-init status')).toBe('status: done\n')
  })

  test('an instance type limits processors and memory', async () => {
    expect(await sh(line, 'nproc; grep MemTotal /proc/meminfo')).toMatch(/^1\nMemTotal: +716800 kB/)
  })

  test('addresses and host keys are read without the network', async () => {
    expect(await machine.addresses()).toEqual(
      expect.arrayContaining([expect.objectContaining({ family: 'ipv4', scope: 'global', nic: 'eth0' })]),
    )
    const keys = (await machine.hostKeys?.()) ?? []
    const seen = await sh(line, 'cat /etc/ssh/ssh_host_*_key.pub')
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect(seen).toContain(key)
  })

  test('the console is whole for every reader, also after a restart', async () => {
    const first = await machine.consoleLog()
    const other = await bench.session.attach(machine.id)
    expect(first).toContain('Welcome to')
    expect(await other.consoleLog()).toContain(first)
    await machine.restart(BOOT)
    line = await machine.connect({ deadlineMs: 20_000 })
    await sh(line, 'systemctl is-system-running --wait || true')
    const after = await machine.consoleLog()
    expect(after.startsWith(first)).toBe(true)
    expect(after.slice(first.length)).toContain('Welcome to')
  })

  test('stop, start and restart are real, and safe to ask for twice', async () => {
    const bootId = 'cat /proc/sys/kernel/random/boot_id'
    const before = await sh(line, bootId)
    await machine.restart({ ...BOOT, force: true })
    const second = await machine.connect({ deadlineMs: 20_000 })
    const after = await sh(second, bootId)
    expect(after).not.toBe(before)
    await machine.stop(BOOT)
    await machine.stop(BOOT)
    expect(await machine.state()).toBe('stopped')
    await machine.start(BOOT)
    await machine.start(BOOT)
    const third = await machine.connect({ deadlineMs: 20_000 })
    expect(await sh(third, bootId)).not.toBe(after)
    await third.exec({ command: 'poweroff', deadlineMs: 20_000 }).catch(() => undefined)
    await machine.stop(BOOT)
    await machine.start(BOOT)
    line = await machine.connect({ deadlineMs: 20_000 })
    await Promise.all([second.close(), third.close()])
  })

  test('a network card and a disk come and go', async () => {
    const nic = await machine.addNic()
    const disk = await machine.addDisk({ sizeGiB: 1 })
    expect(
      await sh(
        line,
        `cat /sys/class/net/${nic.id}/address; findmnt -no TARGET /mnt/${disk.id}; touch /mnt/${disk.id}/x && echo writable`,
      ),
    ).toMatch(/^[0-9a-f:]{17}\n\/mnt\/disk1\nwritable\n$/)
    const kinds = (await bench.session.resources({ runId: bench.owner.runId })).map((resource) => resource.kind)
    expect(kinds).toEqual(expect.arrayContaining(['machine', 'disk']))
    await machine.removeNic(nic.id)
    await machine.removeDisk(disk.id)
    await machine.removeDisk(disk.id)
    expect(await sh(line, 'ls /sys/class/net; ls /mnt')).not.toMatch(/eth1|TARGET/)
    expect((await bench.session.resources({ runId: bench.owner.runId })).map((resource) => resource.kind)).toEqual([
      'machine',
    ])
  })

  test('a launch from a snapshot has an identity and data of its own', async () => {
    const identity = 'cat /etc/machine-id; cat /var/lib/cloud/data/instance-id; cat /etc/ssh/ssh_host_ed25519_key.pub'
    await sh(line, 'echo kept > /var/tmp/kept; sync')
    const snapshot = await machine.snapshot('base', { deadlineMs: 60_000 })
    const copy = await bench.launch({
      image: snapshot.id,
      userData: '#cloud-config\nruncmd: [touch /var/tmp/second-user-data]\n',
    })
    try {
      const other = await copy.connect({ deadlineMs: 20_000 })
      await sh(other, 'cloud-init status --wait')
      const [mine, its] = [await sh(line, identity), await sh(other, identity)].map((text) => text.split('\n'))
      expect(its?.filter((value) => value !== '' && mine?.includes(value))).toEqual([])
      expect(its?.[1]).toBe(copy.name)
      expect(
        await sh(other, 'cat /var/tmp/kept; ls /var/tmp/second-user-data; cat /var/lib/cloud/instance/vendor-data.txt'),
      ).not.toContain('bootcmd')
      expect(copy.imageId).toBe(machine.imageId)
      await other.close()
    } finally {
      await copy.destroy()
    }
    await machine.deleteSnapshot(snapshot.id)
    await machine.deleteSnapshot(snapshot.id)
  })

  test.each([0, 20, 100, 400, 900, 1600])('an abort %i ms into a launch leaves nothing', async (afterMs) => {
    const controller = new AbortController()
    const launching = bench.launch({ signal: controller.signal }).catch((error: unknown) => error)
    await pause(afterMs)
    controller.abort()
    const outcome = await launching
    if (outcome instanceof Error) expect(outcome.name).toBe('CancelledError')
    else await (outcome as Machine).destroy()
    const machines = (await bench.session.resources({ runId: bench.owner.runId })).filter(
      (resource) => resource.kind === 'machine',
    )
    expect(machines.map((resource) => resource.id)).toEqual([machine.id])
  })

  test('a second attempt takes the place of what the first left; a stranger keeps its name', async () => {
    const name = `${bench.owner.runId}-again`
    const first = await bench.launch({ name })
    const marked = await first.connect({ deadlineMs: 20_000 })
    await sh(marked, 'touch /var/tmp/first')
    const second = await bench.launch({ name, owner: { ...bench.owner, attempt: 2 } })
    const fresh = await second.connect({ deadlineMs: 20_000 })
    expect(await sh(fresh, 'ls /var/tmp')).not.toContain('first')
    const stranger = bench.launch({ name, owner: { ...bench.owner, runId: 'stranger' } })
    await expect(stranger).rejects.toMatchObject({ name: 'PlatformError', kind: 'conflict' })
    expect(await second.state()).toBe('running')
    await second.destroy()
    await second.destroy()
    expect(await first.state()).toBe('gone')
  })

  test('an ephemeral machine is gone when it stops', async () => {
    const short = await bench.launch({ ephemeral: true })
    await short.stop({ ...BOOT, force: true })
    expect(await short.state()).toBe('gone')
    await short.destroy()
  })

  test('what is wrong with a launch is said before anything is made', async () => {
    await expect(bench.launch({ image: 'no-such-image' })).rejects.toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('debian-13'),
    })
    await expect(bench.launch({ instanceType: 'huge' })).rejects.toMatchObject({ name: 'ConfigError' })
    await expect(bench.launch({ boot: 'bios' })).rejects.toMatchObject({ name: 'ConfigError' })
    await expect(bench.launch({ boot: 'uefi' })).rejects.toMatchObject({ name: 'ConfigError' })
    await expect(bench.launch({ extra: { confg: {} } })).rejects.toThrow('confg')
  })

  test('an image can be read at rest, whether built here or only on the server', async () => {
    const resolved = await bench.session.resolveImage(image, { owner: bench.owner })
    await using resting = await bench.session.openImageAtRest?.(resolved.id, {})
    const { readFile } = await import('node:fs/promises')
    expect(await readFile(`${resting?.root}/etc/os-release`, 'utf8')).toContain('debian')
  })
})

async function sh(line: Transport, command: string): Promise<string> {
  const result = await line.exec({ command, deadlineMs: 120_000 })
  expect([result.exitCode, text(result.stderr)]).toEqual([0, expect.anything()])
  return text(result.stdout)
}
