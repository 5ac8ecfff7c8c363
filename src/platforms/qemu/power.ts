import { join } from 'node:path'
import { BootError, PrerequisiteError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { MachineState } from '../../instance/machine.ts'
import { LOG } from './arguments.ts'
import { askQemu } from './client.ts'
import type { Waiting } from './client.ts'
import { consoleSaysDead, lateDevice } from './console.ts'
import { exitCodeOf, isRunning, killQemu, monitorOf, spawnQemu } from './process.ts'
import { readRecord, writeRecord } from './record.ts'
import type { MachineRecord } from './record.ts'
import { isStarved } from './starvation.ts'

/** Where a machine is and how its program is called. */
export interface Place {
  dir: string
  name: string
  program: string | undefined
}

/** A guest that is busy starting may miss the press of the power button, so it is pressed again. */
const PRESS_AGAIN_MS = 10_000

/**
 * `error` for a machine whose console says that it will not get any further.
 * @throws PrerequisiteError when this host ended it or cannot hold its disk: nothing is said about the image then
 */
export async function machineState(place: Place): Promise<MachineState> {
  const { dir, name } = place
  const record = await readRecord(dir, name).catch(() => undefined)
  if (!record) return 'gone'
  if (isRunning(record)) {
    await refuseStalled(place)
    if (!(await consoleSaysDead(dir))) return 'running'
    await refuseStarved(place, record)
    return 'error'
  }
  const code = await exitCodeOf(dir)
  if (code === undefined || code === 0) return 'stopped'
  throw new PrerequisiteError(`the QEMU of ${name} was ended on this host, with exit code ${code}`, {
    hint: code === 137 ? 'look whether this host ran out of memory: dmesg' : `read ${join(dir, LOG)}`,
  })
}

/** QEMU stops a guest whose disk it cannot write, in the hope that somebody makes space. */
async function refuseStalled({ dir, name }: Place): Promise<void> {
  const asked = askQemu(monitorOf(dir), [['query-status']], { deadlineMs: 2000 })
  const answer = (await asked.catch(() => undefined)) as { status: string } | undefined
  if (answer?.status !== 'io-error') return
  throw new PrerequisiteError(`the disk of ${name} cannot be written: ${dir} has no space left`, {
    hint: 'free some space on this host: harness sweep',
  })
}

/** A guest that hardly gets a processor loses against its own timeouts: that says nothing about the image. */
async function refuseStarved({ dir, name }: Place, { process }: MachineRecord): Promise<void> {
  const late = await lateDevice(dir)
  if (late === undefined || process === undefined || !(await isStarved(process.pid))) return
  throw new PrerequisiteError(`this host was too busy for ${name}: ${late}`, {
    hint: 'run fewer machines at a time (concurrency), or use a host with KVM',
  })
}

/** Starts; one that runs is fine. @throws PlatformError with what QEMU said */
export async function startMachine(place: Place, waiting: Waiting): Promise<MachineRecord> {
  const record = await readRecord(place.dir, place.name)
  if (isRunning(record)) return record
  const process = await spawnQemu(place.dir, record, place.program, waiting)
  const { memory, ...rest } = record
  // What was saved is continued from once; later starts are boots.
  const started: MachineRecord = { ...rest, process }
  await writeRecord(place.dir, started)
  if (memory !== undefined) await untilRestored(place, waiting)
  return started
}

/**
 * Stops; one that is stopped is fine. Without `force` the power button is pressed and the guest gets until the deadline.
 * @throws WaitTimeoutError for a guest that does not switch itself off
 */
export async function stopMachine(place: Place, options: Waiting & { force?: boolean | undefined }): Promise<void> {
  const record = await readRecord(place.dir, place.name)
  if (!isRunning(record)) return
  // Ended by SIGTERM, QEMU still writes what it holds of the disk.
  if (options.force) return await killQemu(place.dir, record, 'SIGTERM')
  const { deadlineMs, signal } = options
  let pressed = -Infinity
  await waitUntil(
    {
      what: `${place.name} to switch itself off`,
      deadlineMs,
      intervalMs: 100,
      maxIntervalMs: 500,
      hint: 'the guest must react to the power button (acpid or systemd-logind); or stop it by force',
      ...(signal ? { signal } : {}),
    },
    async (inner): Promise<Attempt<void>> => {
      if (!isRunning(record)) return { done: true, value: undefined }
      if (performance.now() - pressed > PRESS_AGAIN_MS) {
        pressed = performance.now()
        const quick = { deadlineMs: 5000, signal: inner }
        await askQemu(monitorOf(place.dir), [['system_powerdown']], quick)
      }
      return { done: false, saw: 'still on' }
    },
  )
}

/** Restarts: by the reset button with `force`, else by switching off and on. */
export async function restartMachine(place: Place, options: Waiting & { force?: boolean | undefined }): Promise<void> {
  const record = await readRecord(place.dir, place.name)
  if (options.force && isRunning(record)) {
    await askQemu(monitorOf(place.dir), [['system_reset']], options)
    return
  }
  const until = performance.now() + options.deadlineMs
  await stopMachine(place, { ...options, force: false })
  await startMachine(place, { ...options, deadlineMs: Math.max(1, until - performance.now()) })
}

/** A machine that continues from saved memory runs when all of it was read. */
async function untilRestored({ dir, name }: Place, waiting: Waiting): Promise<void> {
  const { deadlineMs, signal } = waiting
  await waitUntil(
    { what: `${name} to continue`, deadlineMs, intervalMs: 50, maxIntervalMs: 250, ...(signal ? { signal } : {}) },
    async (inner): Promise<Attempt<void>> => {
      const answer = await askQemu(monitorOf(dir), [['query-status']], { deadlineMs: 10_000, signal: inner })
      const { status } = answer as { status: string }
      if (status === 'running') return { done: true, value: undefined }
      if (status === 'paused') await askQemu(monitorOf(dir), [['cont']], { deadlineMs: 10_000, signal: inner })
      if (status === 'internal-error') throw new BootError(`${name} could not continue from its saved memory`)
      return { done: false, saw: status }
    },
  )
}
