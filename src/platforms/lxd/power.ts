import { BootError, PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { MachineState } from '../../instance/machine.ts'
import type { InstanceState } from './api.ts'
import { STATUS } from './api.ts'
import type { LxdClient } from './client.ts'

export interface Waiting {
  deadlineMs: number
  signal?: AbortSignal | undefined
}

const STATES: Readonly<Record<number, MachineState>> = {
  [STATUS.stopped]: 'stopped',
  [STATUS.running]: 'running',
  [STATUS.starting]: 'starting',
  [STATUS.stopping]: 'stopping',
}

/** `gone` when there is no such instance. */
export async function instanceState(client: LxdClient, name: string): Promise<{ state: MachineState; pid: number }> {
  try {
    const { status_code, pid } = await client.get<InstanceState>(`/1.0/instances/${name}/state`)
    return { state: STATES[status_code] ?? 'error', pid }
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return { state: 'gone', pid: 0 }
    throw error
  }
}

/** A guest that reboots at once is stopped for a moment; one that is stopped for longer will not come back. */
const STAYS_STOPPED_MS = 10_000

const ALREADY_STOPPED = /already stopped|is not running/i

/** Starts; one that runs is fine. @throws BootError when its first process ends at once */
export async function startInstance(client: LxdClient, name: string, options: Waiting): Promise<void> {
  await change(client, name, 'start', { action: 'start', timeout: -1 }, options, (said) =>
    /already running/i.test(said),
  )
  let stoppedSince: number | undefined
  await reach(client, name, ['running'], options, 0, (state) => {
    if (state !== 'stopped' && state !== 'gone') return void (stoppedSince = undefined)
    stoppedSince ??= performance.now()
    if (performance.now() - stoppedSince < STAYS_STOPPED_MS) return
    throw new BootError(`${name} stopped as soon as it was started: its first process ended`, {
      hint: 'look at /sbin/init of the image: it must be there, be executable, and be for this architecture',
    })
  })
}

/** Stops, cleanly unless forced; one that is stopped is fine. An ephemeral instance is gone after it. */
export async function stopInstance(
  client: LxdClient,
  name: string,
  options: Waiting & { force?: boolean | undefined },
): Promise<void> {
  const timeout = Math.max(1, Math.floor(options.deadlineMs / 1000))
  await change(
    client,
    name,
    'stop',
    { action: 'stop', force: options.force ?? false, timeout },
    options,
    (said) => ALREADY_STOPPED.test(said) || /not found/i.test(said),
  )
  await reach(client, name, ['stopped', 'gone'], options)
}

/** Restarts; resolves when another init process runs than before. */
export async function restartInstance(
  client: LxdClient,
  name: string,
  options: Waiting & { force?: boolean | undefined },
): Promise<void> {
  const before = await instanceState(client, name)
  if (before.state !== 'running') return startInstance(client, name, options)
  const timeout = Math.max(1, Math.floor(options.deadlineMs / 1000))
  const until = performance.now() + options.deadlineMs
  let stopped = false
  await change(
    client,
    name,
    'restart',
    { action: 'restart', force: options.force ?? false, timeout },
    options,
    (said) => {
      stopped = ALREADY_STOPPED.test(said)
      return stopped
    },
  )
  // LXD tells a guest that ended at once as a failed shutdown, and does not start it again.
  if (stopped) await startInstance(client, name, { ...options, deadlineMs: Math.max(1, until - performance.now()) })
  await reach(client, name, ['running'], options, before.pid)
}

/** LXD refuses a change while another runs, for example while the guest itself is going down; then it is asked again. */
async function change(
  client: LxdClient,
  name: string,
  verb: string,
  json: object,
  options: Waiting,
  fine: (said: string) => boolean,
): Promise<void> {
  const until = performance.now() + options.deadlineMs
  await waitUntil({ what: `${name} to ${verb}`, ...withSignal(options) }, async (): Promise<Attempt<true>> => {
    try {
      const deadlineMs = Math.max(1, until - performance.now()) + 2000
      await client.operate('PUT', `/1.0/instances/${name}/state`, { json }, { deadlineMs, signal: options.signal })
      return { done: true, value: true }
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      if (fine(error.message)) return { done: true, value: true }
      if (/is busy running|operation is in progress|in the process of/i.test(error.message))
        return { done: false, saw: error.message }
      throw error
    }
  })
}

/** The status of LXD can be ahead of the machine; the pid of its init tells a new start from an old one. */
async function reach(
  client: LxdClient,
  name: string,
  wanted: readonly MachineState[],
  options: Waiting,
  notPid = 0,
  watch?: (state: MachineState) => void,
): Promise<void> {
  await waitUntil(
    { what: `${name} to be ${wanted[0]}`, ...withSignal(options), intervalMs: 50 },
    async (): Promise<Attempt<true>> => {
      const { state, pid } = await instanceState(client, name)
      const done = wanted.includes(state) && (state !== 'running' || (pid > 0 && pid !== notPid))
      if (!done) watch?.(state)
      return done ? { done: true, value: true } : { done: false, saw: `${state}, pid ${pid}` }
    },
  )
}

function withSignal(options: Waiting): { deadlineMs: number; signal?: AbortSignal } {
  return { deadlineMs: options.deadlineMs, ...(options.signal === undefined ? {} : { signal: options.signal }) }
}
