import { BootError, HarnessError, PlatformError, TransportError, WaitTimeoutError } from '../core/errors.ts'
import { formatMs } from '../core/duration.ts'
import { waitUntil } from '../core/wait-until.ts'
import type { Attempt, WaitOptions } from '../core/wait-until.ts'
import type { Account } from './account.ts'
import { isFinished, parseStatus, STATUS_SCRIPT } from './cloud-init.ts'
import type { CloudInitStatus } from './cloud-init.ts'
import { BootCount } from './boot-count.ts'
import { classifyConsole, consoleTail } from './console.ts'
import type { Machine } from './machine.ts'

/** How a boot ended, as data. `timings` count from the begin of the wait, in milliseconds. */
export interface BootReport {
  bootId: string
  init: string
  /** systemd: `running`, `degraded`, ...; others: `running`. */
  systemState: string
  failedUnits: string[]
  /** Absent when cloud-init is not installed. */
  cloudInit?: CloudInitStatus
  timings: { reachableMs: number; bootMs: number; agentMs: number }
}

export interface Waiting {
  deadlineMs: number
  signal?: AbortSignal
}

/** Reads the boot id, or on systems without one the time of boot, which serves the same comparison. */
export const BOOT_ID_SCRIPT = 'cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime'

/**
 * Prints init, system state, failed units and whether cloud-init has finished. Waits up to two seconds inside the guest,
 * so that the end of a boot is seen at once without a flood of commands; systemd tells the end by itself (`--wait`, from 240 on),
 * so that nothing is asked of a machine that is busy with its boot.
 */
const BOOT_STATE_SCRIPT = `: harness-boot-state
n=0
while :; do
  if [ -d /run/systemd/system ]; then
    init=systemd; state=$(timeout 2 systemctl is-system-running --wait 2>/dev/null)
    [ $? = 124 ] && n=20
    [ -n "$state" ] || state=$(systemctl is-system-running 2>/dev/null)
  elif command -v rc-status >/dev/null 2>&1; then
    init=openrc; if rc-status -a 2>/dev/null | grep -q ' starting '; then state=starting; else state=running; fi
  elif [ "$(uname -s)" = FreeBSD ]; then
    init=rc; if pgrep -f '/etc/rc autoboot' >/dev/null 2>&1; then state=starting; else state=running; fi
  else
    init=sysvinit; state=running
    if command -v runlevel >/dev/null 2>&1; then case $(runlevel 2>/dev/null) in *[2-5]|unknown) ;; *) state=starting ;; esac; fi
  fi
  agent=wait
  if [ -e /run/cloud-init/result.json ] || [ -e /var/run/cloud-init/result.json ]; then agent=done
  elif ! command -v cloud-init >/dev/null 2>&1; then agent=absent
  elif [ -e /run/cloud-init/disabled ] || [ -e /etc/cloud/cloud-init.disabled ]; then agent=disabled; fi
  case $state in running|degraded|maintenance) [ $agent != wait ] && break ;; esac
  n=$((n + 1)); [ $n -gt 20 ] && break
  sleep 0.1 2>/dev/null || sleep 1
done
echo "$init $state $agent $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
[ $init = systemd ] && systemctl list-units --state=failed --no-legend --plain 2>/dev/null | cut -d' ' -f1
:`

export interface BootState {
  init: string
  state: string
  agent: string
  /** Where the kernel tells one. */
  bootId?: string
  failedUnits: string[]
}

/** Asks the machine how far its boot is. */
export async function readBootState(account: Account, waiting: Waiting): Promise<BootState> {
  const result = await account.run(BOOT_STATE_SCRIPT, {
    deadline: `${Math.min(waiting.deadlineMs, 30_000)} ms`,
    ...(waiting.signal ? { signal: waiting.signal } : {}),
  })
  const [first = '', ...units] = result.stdout.trim().split('\n')
  const [init = '', state = '', agent = '', bootId = ''] = first.split(' ')
  return { init, state, agent, ...(bootId === '' ? {} : { bootId }), failedUnits: units.filter(Boolean) }
}

/**
 * Waits until a command runs on the machine and, when `notBootId` is given, runs in another boot than that.
 * @throws BootError when the console shows a panic or an emergency shell, or the machine stopped by itself
 * @throws WaitTimeoutError when the console is silent about the cause
 */
export async function waitUntilReachable(
  machine: Machine,
  account: Account,
  waiting: Waiting & { notBootId?: string },
  boots = new BootCount(machine, waiting.notBootId === undefined ? 0 : 1),
): Promise<string> {
  const started = performance.now()
  let stoppedSince: number | undefined
  const watch = async (): Promise<string> => {
    const state = await machine.state()
    if (state !== 'stopped' && state !== 'gone' && state !== 'error') {
      stoppedSince = undefined
      return state
    }
    stoppedSince ??= performance.now()
    const forMs = performance.now() - stoppedSince
    // A container that reboots is reported as stopped for a moment.
    if (state === 'gone' || forMs > STOPPED_MS) {
      const tail = await consoleTail(machine)
      const verdict = classifyConsole(tail)
      const why = verdict === undefined ? '' : `: ${verdict}`
      throw new BootError(`${machine.name} is ${state} instead of booting${why}`, { consoleTail: tail })
    }
    return state
  }
  const attempt = async (signal: AbortSignal): Promise<Attempt<string>> => {
    try {
      const result = await account.run(BOOT_ID_SCRIPT, { deadline: '10 seconds', signal, check: true })
      const id = result.stdout.trim()
      if (id === waiting.notBootId) return { done: false, saw: 'still the boot before' }
      return { done: true, value: id }
    } catch (error) {
      if (!(error instanceof HarnessError) || !(error.retryable || mayStillChange(error, started, machine.pace)))
        throw error
      await boots.look()
      return { done: false, saw: `${error.message} (machine ${await watch()})` }
    }
  }
  return await explained(machine, () =>
    waitWhileThere({ ...waiting, what: `${machine.name} to answer`, intervalMs: 50, maxIntervalMs: 250 }, attempt),
  )
}

const STOPPED_MS = 15_000

/** On a first boot cloud-init makes the user, its keys and the host keys; until then the login is refused for good reason. */
function mayStillChange(error: HarnessError, started: number, pace = 1): boolean {
  const provisional = error instanceof TransportError && (error.reason === 'auth' || error.reason === 'host-key')
  return provisional && performance.now() - started < PROVISIONAL_MS * pace
}

const PROVISIONAL_MS = 90_000

/**
 * Waits until the init system has finished starting. A degraded system has.
 * @throws BootError in maintenance mode, and for a machine that reboots again and again
 */
export async function waitForBoot(
  machine: Machine,
  account: Account,
  waiting: Waiting,
  boots = new BootCount(machine),
): Promise<BootState> {
  const options = { ...waiting, what: `${machine.name} to finish booting`, intervalMs: 50, maxIntervalMs: 500 }
  return await explained(machine, () =>
    waitWhileThere(options, async (signal) => {
      await boots.look()
      const now = await readBootState(account, { ...waiting, signal })
      await boots.saw(now.bootId)
      if (now.state === 'maintenance') {
        throw new BootError(`${machine.name} booted into maintenance mode`, { consoleTail: await consoleTail(machine) })
      }
      if (now.state === 'running' || now.state === 'degraded') return { done: true, value: now }
      return { done: false, saw: `${now.init || 'no init system'} ${now.state || 'without a state'}` }
    }),
  )
}

/** Waits until cloud-init has finished, whatever its result, and reads its status. */
export async function waitForCloudInit(
  machine: Machine,
  account: Account,
  waiting: Waiting,
  boots = new BootCount(machine),
): Promise<CloudInitStatus> {
  const options = { ...waiting, what: `cloud-init of ${machine.name} to finish`, intervalMs: 50, maxIntervalMs: 1000 }
  return await waitWhileThere(options, async (signal) => {
    await boots.look()
    const now = await readBootState(account, { ...waiting, signal })
    await boots.saw(now.bootId)
    // After the boot is over a run that never wrote its result can only be seen by asking the program.
    if (now.agent === 'wait' && now.state !== 'running' && now.state !== 'degraded')
      return { done: false, saw: 'no result yet' }
    const status = await readCloudInit(account, { ...waiting, signal })
    if (isFinished(status)) return { done: true, value: status }
    return { done: false, saw: `status ${status.status}${status.detail ? ` (${status.detail})` : ''}` }
  })
}

export async function readCloudInit(account: Account, waiting: Waiting): Promise<CloudInitStatus> {
  const deadline = `${Math.min(waiting.deadlineMs, 60_000)} ms` as const
  return parseStatus(
    await account.run(STATUS_SCRIPT, { deadline, ...(waiting.signal ? { signal: waiting.signal } : {}) }),
  )
}

/** Waits for all of it and reports. @throws BootError, WaitTimeoutError; never for a bad cloud-init status */
export async function waitUntilReady(
  machine: Machine,
  login: Account,
  root: Account,
  waiting: Waiting & { notBootId?: string },
): Promise<BootReport> {
  const started = performance.now()
  const left = () => ({ ...waiting, deadlineMs: Math.max(1, waiting.deadlineMs - (performance.now() - started)) })
  const boots = new BootCount(machine, waiting.notBootId === undefined ? 0 : 1)
  const bootId = await waitUntilReachable(machine, login, waiting, boots)
  const reachableMs = performance.now() - started
  await boots.saw(bootId)
  const boot = await waitForBoot(machine, login, left(), boots)
  const bootMs = performance.now() - started
  const status = await waitForCloudInit(machine, root, left(), boots)
  const agentMs = performance.now() - started
  return {
    bootId,
    init: boot.init,
    systemState: boot.state,
    failedUnits: boot.failedUnits,
    ...(status.status === 'absent' ? {} : { cloudInit: status }),
    timings: { reachableMs, bootMs, agentMs },
  }
}

/** Waits, but not for a machine that the platform took away: another one may do better, this one will not come back. */
async function waitWhileThere<T>(
  options: WaitOptions,
  attempt: (signal: AbortSignal) => Promise<Attempt<T>>,
): Promise<T> {
  const end = await waitUntil<{ value: T } | { takenAway: PlatformError }>(options, async (signal) => {
    try {
      const answer = await attempt(signal)
      return answer.done ? { done: true, value: { value: answer.value } } : answer
    } catch (error) {
      if (!(error instanceof PlatformError && error.kind === 'capacity')) throw error
      return { done: true, value: { takenAway: error } }
    }
  })
  if ('takenAway' in end) throw end.takenAway
  return end.value
}

/** A wait that gave up is the image's fault only when the console says so. */
async function explained<T>(machine: Machine, wait: () => Promise<T>): Promise<T> {
  const started = performance.now()
  try {
    return await wait()
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error
    const tail = await consoleTail(machine)
    const verdict = classifyConsole(tail)
    if (!verdict) throw error
    throw new BootError(`${machine.name} did not boot in ${formatMs(performance.now() - started)}: ${verdict}`, {
      consoleTail: tail,
      cause: error,
    })
  }
}
