import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { loadPlatform, openPlatform } from '../../../src/platforms/open-platform.ts'
import { processesIn } from '../../../src/platforms/qemu/process.ts'
import type { MachineRecord } from '../../../src/platforms/qemu/record.ts'
import { asNobody, NOBODY } from '../nobody.ts'
import { flooding, speaking, switchingOff, tinyFolder, whyNoQemu } from './tiny-guests.ts'

const missing = await whyNoQemu()

describe.skipIf(missing)(`machines without an operating system${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let folder: ReturnType<typeof tinyFolder>
  let before: string | undefined
  beforeEach(() => {
    folder = tinyFolder()
    before = process.env['HARNESS_STATE_DIR']
    process.env['HARNESS_STATE_DIR'] = join(folder.path, 'state')
  })
  afterEach(() => {
    if (before === undefined) delete process.env['HARNESS_STATE_DIR']
    else process.env['HARNESS_STATE_DIR'] = before
    folder[Symbol.dispose]()
  })
  const open = () => openPlatform('qemu', {})
  const dirOf = (instance: Instance) => join(folder.path, 'state/qemu/machines', instance.name)
  const recordOf = (instance: Instance) =>
    JSON.parse(readFileSync(join(dirOf(instance), 'machine.json'), 'utf8')) as MachineRecord

  const untilShown = (instance: Instance, text: string) =>
    waitUntil({ what: `${text} on the console`, deadlineMs: 60_000 }, async () => {
      const shown = await instance.consoleLog()
      return shown.includes(text) ? { done: true, value: shown } : { done: false, saw: shown.slice(-200) }
    })

  const untilState = (instance: Instance, wanted: string) =>
    waitUntil({ what: `the state ${wanted}`, deadlineMs: 60_000 }, async () => {
      const state = await instance.state()
      return state === wanted ? { done: true, value: state } : { done: false, saw: state }
    })

  test('a machine is a process and a folder, and nothing of it stays', async () => {
    await using session = await open()
    const instance = await session.launch({ image: folder.image('a.img', speaking('hello\r\n')), boot: 'bios' })
    // The firmware spoke first: the console is kept from the first byte on.
    expect(await untilShown(instance, 'hello')).toMatch(/SeaBIOS[\s\S]*hello/)
    expect(await instance.state()).toBe('running')
    expect(await processesIn(dirOf(instance))).toContain(recordOf(instance).process?.pid)
    expect((await session.list()).map(({ id, cell, runId }) => [id, cell, runId])).toEqual([
      [instance.id, 'none', session.owner.runId],
    ])
    await instance.destroy()
    await instance.destroy()
    expect(await instance.state()).toBe('gone')
    expect(existsSync(dirOf(instance))).toBe(false)
    expect(await instance.consoleLog()).toContain('hello')
  })

  test('every image is said to be for an architecture, spelled in one way', async ({ skip }) => {
    const image = folder.image('a.img', speaking('x'))
    const [own, other] = process.arch === 'arm64' ? ['arm64', 'x86_64'] : ['amd64', 'aarch64']
    const lacking = await whatIsLackingFor(other)
    if (lacking) skip(lacking)
    await using session = await open()
    expect(await session.resolveImage(image)).toMatchObject({ architecture: own })
    const named = folder.image(`disk-${other}.img`, speaking('x'))
    expect(await session.resolveImage(named)).toMatchObject({ architecture: own === 'amd64' ? 'arm64' : 'amd64' })
  })

  test.each([
    ['qcow2', []],
    ['vmdk', ['-o', 'subformat=streamOptimized']],
    ['vpc', ['-o', 'subformat=fixed,force_size=on']],
    ['vpc', ['-o', 'subformat=dynamic,force_size=on']],
    ['vhdx', []],
  ])('a disk as %s boots, and is only read', async (format, options) => {
    await using session = await open()
    const image = join(folder.path, 'disk.any')
    const raw = folder.image('a.img', speaking('format\r\n'))
    await runHost(['qemu-img', 'convert', '-f', 'raw', '-O', format, ...options, raw, image], { deadlineMs: 60_000 })
    const digest = () => createHash('sha256').update(readFileSync(image)).digest('hex')
    const before = digest()
    await using instance = await session.launch({ image, boot: 'bios', instanceType: 'micro' })
    await untilShown(instance, 'format')
    await instance.stop({ force: true })
    expect(digest()).toBe(before)
  })

  test('disks and cards survive a stop, snapshots outlive their machine', async () => {
    await using session = await open()
    const image = folder.image('a.img', speaking('kept\r\n'))
    const instance = await session.launch({ image, boot: 'bios', instanceType: 'micro' })
    const disk = await instance.addDisk({ sizeGiB: 1 })
    await instance.addNic()
    await instance.stop({ force: true })
    expect(await instance.state()).toBe('stopped')
    const snapshot = await instance.snapshot('s')
    await instance.machine.start({ deadlineMs: 30_000 })
    expect(await instance.state()).toBe('running')
    const record = recordOf(instance)
    expect([record.disks.length, record.nics.length, record.layers.length]).toEqual([1, 1, 2])
    await instance.stop({ force: true })
    await instance.removeDisk(disk.id)
    expect(recordOf(instance).disks).toEqual([])
    await instance.destroy()
    const copy = await session.launch({ image: snapshot.id })
    await snapshot.delete()
    await untilShown(copy, 'kept')
    await copy.stop({ force: true })
    await copy.machine.start({ deadlineMs: 30_000 })
    expect(await copy.state()).toBe('running')
    await copy.destroy()
    expect(await session.resources()).toEqual([])
  })

  test('memory continues where it was, in several copies, and only once', async () => {
    await using session = await open()
    const image = folder.image('a.img', speaking('once\r\n'))
    await using instance = await session.launch({ image, boot: 'bios', instanceType: 'micro' })
    await untilShown(instance, 'once')
    const made = await instance.machine.snapshot('warm', { deadlineMs: 30_000, memory: true })
    expect(await instance.state()).toBe('running')
    await using one = await session.launch({ image: made.id, warm: true })
    await using two = await session.launch({ image: made.id, warm: true })
    for (const copy of [one, two]) {
      expect(await copy.state()).toBe('running')
      // It does not boot: nothing is said a second time.
      expect(await copy.consoleLog()).toBe('')
    }
    await two.stop({ force: true })
    await two.machine.start({ deadlineMs: 30_000 })
    await untilShown(two, 'once')
    await session.remove({ kind: 'snapshot', id: made.id })
    await expect(session.launch({ image, warm: true, boot: 'bios' })).rejects.toThrow('has no saved memory')
  })

  test('a guest that shows text without end does not fill this host', async () => {
    await using session = await open()
    const full = 16 * 1024 * 1024
    await using instance = await session.launch({ image: folder.image('a.img', flooding()), boot: 'bios' })
    await instance.stop({ force: true })
    // What earlier boots showed counts.
    const file = join(dirOf(instance), 'console.log')
    writeFileSync(file, Buffer.alloc(full - 1000 - statSync(file).size, 'x'), { flag: 'a' })
    await instance.machine.start({ deadlineMs: 30_000 })
    await untilShown(instance, 'more than 16 MiB')
    const before = await instance.consoleLog()
    // It is not held up by what nobody keeps.
    await instance.machine.restart({ deadlineMs: 30_000, force: true })
    expect(await instance.state()).toBe('running')
    expect([statSync(file).size, await instance.consoleLog()]).toEqual([full, before])
  })

  test('a guest that ignores the power button keeps running, one that switches itself off is stopped', async () => {
    await using session = await open()
    await using deaf = await session.launch({ image: folder.image('a.img', speaking('x')), boot: 'bios' })
    await expect(deaf.stop({ deadline: '250 ms' })).rejects.toMatchObject({
      name: 'WaitTimeoutError',
      hint: expect.stringContaining('power button'),
    })
    expect(await deaf.state()).toBe('running')
    await using off = await session.launch({ image: folder.image('b.img', switchingOff()), boot: 'bios' })
    expect(await untilState(off, 'stopped')).toBe('stopped')
  })

  test('a QEMU that this host ended is not the fault of the image', async () => {
    await using session = await open()
    await using instance = await session.launch({ image: folder.image('a.img', speaking('x')), boot: 'bios' })
    process.kill(recordOf(instance).process?.pid ?? 0, 'SIGKILL')
    await expect(instance.waitUntilReachable({ deadline: '20 seconds' })).rejects.toMatchObject({
      name: 'PrerequisiteError',
      blame: 'host',
      message: expect.stringContaining('was ended on this host, with exit code 137'),
    })
  })

  test('a console that shows a dead machine ends the wait, with its end as evidence', async () => {
    await using session = await open()
    const cases = [
      ['panic', 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)', /panicked/],
      ['loader', 'error: no such partition.\r\ngrub rescue> ', /boot loader/],
    ] as const
    const errors = cases.map(async ([name, text]) => {
      await using instance = await session.launch({ image: folder.image(name, speaking(text)), boot: 'bios' })
      await untilState(instance, 'error')
      return await instance.waitUntilReachable().catch((thrown: unknown) => thrown)
    })
    for (const [index, error] of (await Promise.all(errors)).entries()) {
      const [, text, verdict] = cases[index] ?? cases[0]
      expect(error).toMatchObject({ name: 'BootError', blame: 'image', message: expect.stringMatching(verdict) })
      expect((error as { consoleTail: string }).consoleTail).toContain(text)
    }
  })

  test('a port that is taken is a conflict, and leaves nothing', async () => {
    await using session = await open()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port: host } = server.address() as AddressInfo
    const launching = session.launch({
      image: folder.image('a.img', speaking('x')),
      boot: 'bios',
      extra: { ports: [{ guest: 80, host }] },
    })
    await expect(launching).rejects.toMatchObject({ name: 'PlatformError', kind: 'conflict' })
    server.close()
    expect(await session.resources()).toEqual([])
    expect(readdirSync(join(folder.path, 'state/qemu/machines'))).toEqual([])
  })

  test('many launches at once get ports of their own', async () => {
    await using session = await open()
    const image = folder.image('a.img', speaking('x'))
    const instances = await Promise.all(
      [1, 2, 3, 4].map(() => session.launch({ image, boot: 'bios', instanceType: 'micro' })),
    )
    await Promise.all(instances.map((instance) => instance.destroy()))
    expect(await session.resources()).toEqual([])
  })

  test('firmware of another architecture that finds nothing to boot says so', async ({ skip }) => {
    const architecture = process.arch === 'arm64' ? 'x86_64' : 'aarch64'
    const lacking = await whatIsLackingFor(architecture)
    if (lacking) skip(lacking)
    await using session = await openPlatform('qemu', { architecture })
    await using instance = await session.launch({ image: folder.image('a.img', speaking('x')), instanceType: 'micro' })
    expect(await untilShown(instance, 'startup.nsh')).toContain('UEFI')
    expect(await untilState(instance, 'error')).toBe('error')
    if (architecture !== 'aarch64') return
    const bios = session.launch({ image: folder.image('b.img', speaking('x')), boot: 'bios' })
    await expect(bios).rejects.toThrow('aarch64 machines have no BIOS')
  })

  test('a user without any rights does the same', async () => {
    const home = join(folder.path, 'home')
    mkdirSync(home)
    for (const path of [folder.path, home]) chmodSync(path, 0o777)
    const image = folder.image('a.img', speaking('x'))
    const env = { ...process.env, HOME: home, HARNESS_STATE_DIR: home, HARNESS_CACHE_DIR: home }
    const { stdout, stderr } = await probeHost(asNobody(home, 'tests/live/qemu/unprivileged-machine.ts', [image]), {
      cwd: folder.path,
      env,
      deadlineMs: 120_000,
    })
    expect(stderr).toBe('')
    const uid = process.getuid?.()
    expect(JSON.parse(stdout)).toEqual([uid === 0 ? NOBODY : uid, ['running', 'running'], []])
  })

  test('a file that is no image is refused before anything is made', async () => {
    await using session = await open()
    const image = folder.image('a.img', Buffer.from('#!/bin/sh\n'))
    await expect(session.launch({ image, boot: 'bios' })).rejects.toMatchObject({ name: 'ConfigError' })
    expect(existsSync(join(folder.path, 'state/qemu/machines'))).toBe(false)
  })
})

/** Guests of another architecture are emulated, by programs of their own. */
async function whatIsLackingFor(architecture: string): Promise<string | undefined> {
  const known = await (await loadPlatform('qemu')).doctor({})
  const lacking = known.find(({ name, ok, optional }) => optional && !ok && name.includes(architecture))
  return lacking && `${lacking.detail}: ${lacking.fix}`
}
