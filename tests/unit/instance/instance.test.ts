import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  BootError,
  CleanupError,
  type HarnessError,
  PlatformError,
  TransportError,
  UnsupportedError,
  WaitTimeoutError,
} from '../../../src/core/errors.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import type { OpenOptions, PlatformOptions } from '../../../src/platforms/open-platform.ts'
import type { Ledger } from '../../../src/platforms/ledger.ts'

const open = (options: PlatformOptions<'fake'> & OpenOptions = {}) =>
  openPlatform('fake', { world: randomBytes(6).toString('hex'), bootMs: 5, agentMs: 5, ...options })

async function launched(options: PlatformOptions<'fake'> & OpenOptions = {}) {
  const session = await open(options)
  return { session, instance: await session.launch({ image: 'debian-13' }) }
}

test('a bad cloud-init status is data, not an exception', async () => {
  const { instance } = await launched({ faults: [{ at: 'boot', how: 'cloud-init-error' }] })
  const report = await instance.waitUntilReady()
  expect(report.cloudInit).toMatchObject({ status: 'error', exitCode: 1, errors: ['fake failure'] })
})

test('a degraded system is ready and names its failed units', async () => {
  const { instance } = await launched({ faults: [{ at: 'boot', how: 'degraded' }] })
  expect(await instance.waitUntilReady()).toMatchObject({ systemState: 'degraded', failedUnits: ['broken.service'] })
})

test.each(['panic', 'emergency'] as const)('a console that shows %s makes it the fault of the image', async (how) => {
  const { instance } = await launched({ faults: [{ at: 'boot', how }] })
  const error = await instance.waitUntilReady({ deadline: '300 ms' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BootError)
  expect((error as BootError).consoleTail).toContain('Linux version')
})

test('a silent console blames nobody and says what was seen', async () => {
  const { instance } = await launched({ faults: [{ at: 'boot', how: 'silence' }] })
  const error = await instance.waitUntilReady({ deadline: '300 ms' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(WaitTimeoutError)
  expect((error as Error).message).toContain('does not answer yet (machine running)')
})

test('a line that breaks is an error and the next command opens another', async () => {
  const { instance } = await launched({ faults: [{ at: 'exec', how: 'lost', command: 'fragile', times: 1 }] })
  await instance.waitUntilReady()
  await expect(instance.sh`echo fragile`).rejects.toBeInstanceOf(TransportError)
  expect(await instance.sh`echo fragile`).toBe('fragile')
})

test('a command that hangs ends at its deadline', async () => {
  const { instance } = await launched({ faults: [{ at: 'exec', how: 'hang', command: 'stuck' }] })
  await instance.waitUntilReady()
  await expect(instance.run('echo stuck', { deadline: '50 ms' })).rejects.toMatchObject({ reason: 'timeout' })
})

test('a missing capability is UnsupportedError before anything is tried', async () => {
  const { instance } = await launched()
  await expect(instance.waitForSsh()).rejects.toBeInstanceOf(UnsupportedError)
})

test('restart from inside, with the line broken in mid-command, waits for the other boot', async () => {
  const { instance } = await launched()
  const first = await instance.waitUntilReady()
  const second = await instance.reboot()
  expect(second.bootId).not.toBe(first.bootId)
})

test('disposal never rejects: the failure is told and the entry of the ledger stays', async () => {
  const told: HarnessError[] = []
  const events: string[] = []
  const { instance } = await launched({
    faults: [{ at: 'destroy', kind: 'unavailable' }],
    ledger: recording(events),
    onWarning: (error) => told.push(error),
  })
  await instance[Symbol.asyncDispose]()
  expect(told).toHaveLength(1)
  expect(told[0]).toBeInstanceOf(CleanupError)
  expect(events).toEqual(['intend machine', 'created'])
  await expect(instance.destroy()).rejects.toMatchObject({ name: 'CleanupError', blame: 'leak' })
})

test('the intent is written before the create call, and closed when the create failed', async () => {
  const events: string[] = []
  const session = await open({ ledger: recording(events), faults: [{ at: 'launch', kind: 'quota', times: 1 }] })
  await expect(session.launch({ image: 'debian-13' })).rejects.toMatchObject({ kind: 'quota', retryable: false })
  expect(events).toEqual(['intend machine', 'destroyed'])
})

test('when the platform cannot say whether something stayed, the entry stays', async () => {
  const events: string[] = []
  const session = await open({
    ledger: recording(events),
    faults: [
      { at: 'launch', kind: 'capacity', times: 1 },
      { at: 'list', kind: 'unavailable' },
    ],
  })
  await expect(session.launch({ image: 'debian-13' })).rejects.toBeInstanceOf(PlatformError)
  expect(events).toEqual(['intend machine'])
})

test('a snapshot is in the ledger and leaves it when deleted', async () => {
  const events: string[] = []
  const { instance } = await launched({ ledger: recording(events) })
  await instance.waitUntilReady()
  {
    await using _snapshot = await instance.snapshot('clean')
  }
  await instance.destroy()
  expect(events).toEqual(['intend machine', 'created', 'intend snapshot', 'created', 'destroyed', 'destroyed'])
})

test('two launches in the same millisecond get different names', async () => {
  const session = await open()
  const both = await Promise.all([session.launch({ image: 'debian-13' }), session.launch({ image: 'debian-13' })])
  expect(new Set(both.map((instance) => instance.name)).size).toBe(2)
})

test('any user-data is passed on as it is, whatever it begins with', async () => {
  const session = await open()
  const instance = await session.launch({ image: 'debian-13', userData: '## template: jinja\n#cloud-config\n' })
  await instance.waitUntilReady()
  expect(await instance.readFile('/var/lib/cloud/seed/user-data')).toBe('## template: jinja\n#cloud-config\n')
})

test('500 machines at once come and go', { timeout: 60_000 }, async () => {
  const session = await open({ launchMs: 1, bootMs: 20 })
  await Promise.all(
    Array.from({ length: 500 }, async () => {
      await using instance = await session.launch({ image: 'debian-13' })
      await instance.waitUntilReady({ deadline: '50 seconds' })
    }),
  )
  expect(await session.list()).toEqual([])
})

function recording(events: string[]): Ledger {
  return {
    intend: async ({ kind }) => {
      events.push(`intend ${kind}`)
      return {
        created: async () => void events.push('created'),
        destroyed: async () => void events.push('destroyed'),
      }
    },
  }
}

test('a machine that starts again and again without ever answering is the fault of the image', async () => {
  const { instance } = await launched({ faults: [{ at: 'boot', how: 'silence' }] })
  let starts = 0
  instance.machine.startMark = async () => `start ${Math.floor(starts++ / 2)}`
  const error = await instance.waitUntilReady({ deadline: '5 seconds' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BootError)
  expect((error as Error).message).toMatch(/rebooted by itself 3 times before it was ready/)
})

test('a machine that is rebooted on purpose may also reboot by itself', async () => {
  const { instance } = await launched({ bootMs: 150 })
  await instance.waitUntilReady()
  let starts = 0
  instance.machine.startMark = async () => String(Math.min(3, starts++))
  await instance.reboot({ deadline: '5 seconds' })
  expect(starts).toBeGreaterThan(0)
})
