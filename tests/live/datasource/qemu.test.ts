import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findStaleTempDirs } from '../../../src/core/temp-dir.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { launchCloudGuest } from '../../../src/platforms/cloud-guest.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import { processesIn } from '../../../src/platforms/qemu/process.ts'
import type { MachineRecord } from '../../../src/platforms/qemu/record.ts'
import { sweep } from '../../../src/runner/sweep/sweep.ts'
import { speaking, tinyFolder, whyNoQemu } from '../qemu/tiny-guests.ts'

const missing = await whyNoQemu()

describe.skipIf(missing)(
  `clouds on QEMU, without an operating system${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
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
    const dirOf = (name: string) => join(folder.path, 'state/qemu/machines', name)
    const recordOf = ({ name }: Instance) =>
      JSON.parse(readFileSync(join(dirOf(name), 'machine.json'), 'utf8')) as MachineRecord

    test('each machine has the firmware and the service of its own cloud, and nothing of them stays', async () => {
      await using session = await openPlatform('qemu', {})
      const image = folder.image('quiet.img', speaking('quiet\r\n'))
      const document = { id: 'i-0123456789abcdef0', tags: { Name: 'web' } }
      const guests = await Promise.all([
        launchCloudGuest(session, { image, boot: 'bios', cloud: 'ec2', document }),
        launchCloudGuest(session, { image, boot: 'bios', cloud: 'azure' }),
      ])
      const [ec2, azure] = guests
      expect(ec2?.document).toMatchObject({ ...document, nics: [{ ipv4: { address: '168.0.2.15' } }] })
      expect((await azure?.imds.state())?.document.cloud).toBe('azure')
      const lines = guests.map(({ instance }) =>
        readFileSync(`/proc/${recordOf(instance).process?.pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
      )
      expect(lines[0]).toMatch(/manufacturer=Amazon EC2.*serial=ec2/)
      expect(lines[1]).toMatch(/asset=7783-7084-3265-9085-8269-3286-77/)
      expect(lines[1]).toContain('guestfwd=tcp:168.63.129.16:80-cmd:')
      const sockets = guests.flatMap(({ instance }) => recordOf(instance).cloud?.services.map(({ path }) => path) ?? [])
      expect([new Set(sockets).size, sockets.every((path) => existsSync(path))]).toEqual([3, true])
      const again = await session.attach(guests[0]?.instance.id ?? '')
      expect((await again.machine.imds?.state())?.document.id).toBe(document.id)
      await Promise.all(guests.map(({ instance }) => instance.destroy()))
      expect(sockets.filter((path) => existsSync(path))).toEqual([])
    })

    test('what a killed process leaves is gone after a sweep: machine, sockets', { timeout: 60_000 }, async () => {
      const image = folder.image('quiet.img', speaking('quiet\r\n'))
      const program = join(import.meta.dirname, 'launch-and-wait.ts')
      const child = spawn(process.execPath, [program, 'qemu', image], { stdio: ['ignore', 'pipe', 'inherit'] })
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const dir = dirOf(line.toString().trim())
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect((await processesIn(dir)).length).toBeGreaterThan(0)
      const stale = async () => (await findStaleTempDirs()).filter((path) => path.includes('harness-imds'))
      expect(await stale()).not.toEqual([])
      await sweep({ platforms: [{ name: 'qemu', options: {} }] })
      expect([existsSync(dir), await processesIn(dir), await stale()]).toEqual([false, [], []])
    })
  },
)
