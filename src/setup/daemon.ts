import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HarnessError, PrerequisiteError } from '../core/errors.ts'
import { probeHost, runHost } from '../core/subprocess.ts'
import { waitUntil } from '../core/wait-until.ts'
import { LxdClient } from '../platforms/lxd/client.ts'
import { hasSystemd, systemPath } from './host.ts'
import type { Daemon } from './packages.ts'
import type { LxdSettings } from './settings.ts'

const READY_MS = 120_000
const STOP_MS = 90_000

interface ServerState {
  auth: string
  environment?: { server_pid?: number; storage_supported_drivers?: { Name: string }[] }
}

/** What the daemon behind a socket says of itself, or undefined when nothing answers. */
export async function askDaemon(socket: string): Promise<ServerState | undefined> {
  if (!existsSync(socket)) return undefined
  const client = openClient(socket)
  try {
    return await client.get<ServerState>('/1.0', { deadlineMs: 5000 })
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  } finally {
    client.close()
  }
}

/** A client of the daemon behind a socket; the caller closes it. */
export function openClient(socket: string): LxdClient {
  return new LxdClient({ kind: 'unix', socketPath: socket })
}

/**
 * Starts the private daemon so that it outlives this process: as a transient unit where systemd runs, else in a session of its own.
 * @throws WaitTimeoutError with the end of its log when it does not answer in two minutes.
 */
export async function startDaemon(daemon: Daemon, settings: LxdSettings, signal?: AbortSignal): Promise<void> {
  await mkdir(settings.dir, { recursive: true, mode: 0o711 })
  const command = [daemon.command, '--group', await accessGroup(), '--logfile', settings.logFile]
  const directory = { [daemon.kind === 'lxd' ? 'LXD_DIR' : 'INCUS_DIR']: settings.dir }
  if (hasSystemd()) await startUnit(command, directory, settings)
  else await startDetached(command, directory, settings)
  const about = {
    what: `${daemon.kind} to answer on ${settings.socket}`,
    deadlineMs: READY_MS,
    hint: `read ${settings.logFile}`,
  }
  await waitUntil({ ...about, maxIntervalMs: 500, ...(signal ? { signal } : {}) }, async () => {
    const state = await askDaemon(settings.socket)
    if (state?.auth === 'trusted') return { done: true, value: undefined }
    return { done: false, saw: state ? 'no access yet' : 'no answer' }
  }).catch(async (error: unknown) => {
    if (error instanceof HarnessError && !signal?.aborted)
      throw new PrerequisiteError(`${error.message}; its log ends: ${await logTail(settings)}`, {
        cause: error,
        hint: about.hint,
      })
    throw error
  })
}

/** Asks the private daemon to stop its containers and itself, and waits until its process is gone. */
export async function stopDaemon(settings: LxdSettings, signal?: AbortSignal): Promise<void> {
  const pid = (await askDaemon(settings.socket))?.environment?.server_pid ?? (await recordedPid(settings))
  if (pid !== undefined && (await belongsTo(pid, settings))) {
    process.kill(pid, 'SIGPWR')
    await waitUntil(
      { what: `process ${pid} of ${settings.dir} to end`, deadlineMs: STOP_MS, ...(signal ? { signal } : {}) },
      async () =>
        (await belongsTo(pid, settings)) ? { done: false, saw: 'it still runs' } : { done: true, value: undefined },
    ).catch((error: unknown) => {
      if (signal?.aborted) throw error
      process.kill(pid, 'SIGKILL')
    })
  }
  if (hasSystemd()) {
    await probeHost(['systemctl', 'stop', settings.unit], { deadlineMs: STOP_MS })
    await probeHost(['systemctl', 'reset-failed', settings.unit], { deadlineMs: 30_000 })
  }
  await rm(settings.pidFile, { force: true })
}

/** The process a pid file names, when it is still the daemon of these settings. */
export async function recordedPid(settings: LxdSettings): Promise<number | undefined> {
  const pid = Number(await readFile(settings.pidFile, 'utf8').catch(() => ''))
  return pid > 0 && (await belongsTo(pid, settings)) ? pid : undefined
}

/** A process belongs to the private daemon when the directory is in its environment: numbers are used again, directories are not. */
async function belongsTo(pid: number, settings: LxdSettings): Promise<boolean> {
  const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  return environ.split('\0').some((line) => line === `LXD_DIR=${settings.dir}` || line === `INCUS_DIR=${settings.dir}`)
}

/** Who may use the socket beside root: the person who called through sudo, else the group of the package. */
async function accessGroup(): Promise<string> {
  const gid = process.env.SUDO_GID
  const groups = await readFile('/etc/group', 'utf8').catch(() => '')
  const entry = groups.split('\n').map((line) => line.split(':'))
  const ofCaller = gid === undefined ? undefined : entry.find((fields) => fields[2] === gid)?.[0]
  return ofCaller ?? entry.find((fields) => fields[0] === 'lxd' || fields[0] === 'incus-admin')?.[0] ?? 'root'
}

async function startUnit(
  command: readonly string[],
  directory: Record<string, string>,
  settings: LxdSettings,
): Promise<void> {
  await probeHost(['systemctl', 'reset-failed', settings.unit], { deadlineMs: 30_000 })
  const properties = [
    'Delegate=yes',
    'KillMode=process',
    'LimitNOFILE=1048576',
    'LimitNPROC=infinity',
    'LimitMEMLOCK=infinity',
    'TasksMax=infinity',
    'Description=private LXD of harness',
  ]
  const environment = Object.entries({ ...directory, PATH: systemPath() }).map(
    ([name, value]) => `--setenv=${name}=${value}`,
  )
  await runHost(
    [
      'systemd-run',
      `--unit=${settings.unit}`,
      ...properties.map((property) => `--property=${property}`),
      ...environment,
      '--',
      ...command,
    ],
    { deadlineMs: 60_000 },
  )
}

async function startDetached(
  command: readonly string[],
  directory: Record<string, string>,
  settings: LxdSettings,
): Promise<void> {
  await mkdir(dirname(settings.logFile), { recursive: true })
  const log = openSync(settings.logFile, 'a')
  try {
    const [file = '', ...args] = command
    // not through runHost: this one is meant to stay when we go
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: { ...directory, PATH: systemPath(), HOME: '/root', LC_ALL: 'C.UTF-8' },
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    await writeFile(settings.pidFile, `${child.pid}\n`)
    child.unref()
  } finally {
    closeSync(log)
  }
}

async function logTail(settings: LxdSettings): Promise<string> {
  const text = await readFile(settings.logFile, 'utf8').catch(() => 'there is no log')
  return text.trim().split('\n').slice(-3).join(' | ').slice(-600)
}
