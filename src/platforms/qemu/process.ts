import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BootError, PlatformError, PrerequisiteError } from '../../core/errors.ts'
import type { HarnessError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import { identify, isAlive } from '../process-identity.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import { CONSOLE, CONSOLE_BYTES, EXIT_CODE, LOG, MONITOR, PID_FILE, qemuArguments } from './arguments.ts'
import { askQemu } from './client.ts'
import type { Waiting } from './client.ts'
import { hostError, saidError } from './errors.ts'
import { installHint, programFor } from './program.ts'
import type { MachineRecord } from './record.ts'

/** A machine whose marks have expired still gets this long when it is started again. */
const LEAST_LIFE_S = 600
const KILL_MS = 20_000

/** Path of the monitor socket of a machine. */
export function monitorOf(dir: string): string {
  return join(dir, MONITOR)
}

/** Whether the process of a machine is there. */
export function isRunning(record: MachineRecord): boolean {
  return record.process !== undefined && isAlive(record.process) === true
}

/**
 * Starts the QEMU of a machine, so that it outlives this process, and waits until it answers.
 * Where there is `timeout`, it ends by itself some time after its marks expire, even when nobody is left to sweep.
 * @throws PlatformError with what QEMU said, PrerequisiteError when it is not installed
 */
export async function spawnQemu(
  dir: string,
  record: MachineRecord,
  program: string | undefined,
  waiting: Waiting,
): Promise<ProcessIdentity> {
  await rm(monitorOf(dir), { force: true })
  await rm(join(dir, PID_FILE), { force: true })
  await rm(join(dir, EXIT_CODE), { force: true })
  const command = [program ?? programFor(record.architecture), ...qemuArguments(record)]
  const [file = '', ...words] = [...limit(record.owner.expires), ...noted, ...command]
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  await using log = await open(join(dir, LOG), 'a', 0o600).catch((error: unknown) => {
    throw hostError(`opening ${join(dir, LOG)}`, error)
  })
  const { size: begin } = await log.stat()
  // Not through runHost: this one is meant to stay when we go.
  const child = spawn(file, words, { cwd: dir, detached: true, stdio: ['ignore', log.fd, log.fd] })
  child.once('error', (error) => failed.reject(spawnError(error, record)))
  child.once('exit', () => {
    void endOf(dir, begin, record).then(failed.reject, failed.reject)
  })
  child.unref()
  return await Promise.race([answers(dir, record, waiting), failed.promise])
}

/** Waits until the monitor answers; only then the process is known by its number. */
async function answers(dir: string, record: MachineRecord, waiting: Waiting): Promise<ProcessIdentity> {
  const { deadlineMs, signal } = waiting
  const what = `the QEMU of ${record.name} to answer`
  return await waitUntil(
    { what, deadlineMs, intervalMs: 20, maxIntervalMs: 200, ...(signal ? { signal } : {}) },
    async (inner): Promise<Attempt<ProcessIdentity>> => {
      if (!existsSync(monitorOf(dir))) return { done: false, saw: 'no monitor socket' }
      await askQemu(monitorOf(dir), [['query-status']], { deadlineMs: 10_000, signal: inner })
      const pid = Number(await readFile(join(dir, PID_FILE), 'utf8').catch(() => ''))
      const found = pid > 0 ? identify(pid) : undefined
      return found ? { done: true, value: found } : { done: false, saw: 'no process' }
    },
  )
}

/** Adds to the console file, which keeps what earlier boots showed, until it is full; `ulimit` counts in half KiB. */
const keep = `(ulimit -c 0; ulimit -f ${CONSOLE_BYTES / 512}; exec cat >>${CONSOLE}) 2>/dev/null; exec cat >/dev/null`
/** Runs the words after it, with a console on descriptor 3, and writes down how they ended, for whoever looks later. */
const noted = ['sh', '-c', `{ "$@" 3>&1 >&2; echo $? >${EXIT_CODE}; } | { ${keep}; }`, 'sh']

/** Exit code of the last QEMU in a folder; undefined while it runs, and when we ended it. */
export async function exitCodeOf(dir: string): Promise<number | undefined> {
  const text = await readFile(join(dir, EXIT_CODE), 'utf8').catch(() => '')
  return text === '' ? undefined : Number(text)
}

/** `timeout` in front of QEMU, where this host has it. */
function limit(expires: string): string[] {
  if (!(process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'timeout')))) return []
  const left = Math.ceil((Date.parse(expires) - Date.now()) / 1000)
  return ['timeout', '-k', '30', String(Math.max(LEAST_LIFE_S, Number.isFinite(left) ? left : 0))]
}

function spawnError(error: NodeJS.ErrnoException, { architecture }: MachineRecord): HarnessError {
  if (error.code !== 'ENOENT') return hostError('starting QEMU', error)
  return new PrerequisiteError(`\`${programFor(architecture)}\` is not installed`, { hint: installHint(architecture) })
}

/** Why QEMU ended before it answered. A shell says 127 of a program it cannot find. */
async function endOf(dir: string, begin: number, record: MachineRecord): Promise<HarnessError> {
  const code = await exitCodeOf(dir)
  const text = await readFile(join(dir, LOG), 'utf8').catch(() => '')
  const said = text
    .slice(begin)
    .split('\n')
    .filter((line) => !line.includes('warning:'))
    .join('\n')
  if (code === 127) return spawnError({ name: 'Error', message: said, code: 'ENOENT' }, record)
  if (said.trim() === '' && code === 0)
    return new BootError(`${record.name} switched itself off as soon as it was started`)
  return saidError(`to start ${record.name}`, said || `it ended with ${code}`)
}

/** Processes of this user that work in a folder: the QEMU of a machine, known by it even when nobody wrote its number down. */
export async function processesIn(dir: string): Promise<number[]> {
  const real = await realpath(dir).catch(() => undefined)
  if (real === undefined) return []
  const names = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    names.map(async (name) => ((await readlink(`/proc/${name}/cwd`).catch(() => '')) === real ? [Number(name)] : [])),
  )
  return found.flat().filter((pid) => pid !== process.pid && identify(pid) !== undefined)
}

/** Ends whatever works in the folder of a machine, at once, and waits until it is gone. */
export async function killQemu(
  dir: string,
  record: MachineRecord | undefined,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  const known = record && isRunning(record) ? record.process?.pid : undefined
  await waitUntil(
    { what: `the QEMU in ${dir} to end`, deadlineMs: KILL_MS, intervalMs: 10 },
    async (): Promise<Attempt<void>> => {
      const left = new Set(await processesIn(dir))
      if (known !== undefined && record && isRunning(record)) left.add(known)
      for (const pid of left) endProcess(pid, signal)
      return left.size === 0
        ? { done: true, value: undefined }
        : { done: false, saw: `process ${[...left].join(', ')}` }
    },
  )
}

function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM')
      throw new PlatformError('auth', `process ${pid} belongs to another user and cannot be ended`, { cause: error })
  }
}
