import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { readFile, readdir, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { probeHost, runHost } from '../core/subprocess.ts'
import { waitUntil } from '../core/wait-until.ts'
import { findCommand, hasSystemd, systemPath } from './host.ts'

const FOLDER = '/var/lib/lxcfs'
/** Process id of one that a setup started, where no service manager watches it. */
const PID_FILE = '/run/harness-lxcfs.pid'

/** A daemon that was killed leaves its mount behind; what is below it cannot be read then. */
export async function lxcfsState(
  folder = FOLDER,
  mountsFile = '/proc/self/mounts',
): Promise<'runs' | 'dead' | 'absent'> {
  const mounts = await readFile(mountsFile, 'utf8').catch(() => '')
  if (!mounts.split('\n').some((line) => line.startsWith(`lxcfs ${folder} `))) return 'absent'
  const inside: string[] = await readdir(folder).catch(() => [])
  return inside.includes('proc') ? 'runs' : 'dead'
}

/** The commands that start it, for the plan. */
export function lxcfsCommands(state: 'dead' | 'absent'): string[] {
  const start = hasSystemd() ? 'systemctl restart lxcfs' : `lxcfs --pidfile=${PID_FILE} ${FOLDER}`
  return [...(state === 'dead' ? [`umount -l ${FOLDER}`] : []), start]
}

/** Starts lxcfs where the host can run it; without it containers see the memory of the host. */
export async function startLxcfs(onLine: (line: string) => void): Promise<void> {
  if (!findCommand('lxcfs') || !existsSync('/dev/fuse'))
    return onLine('lxcfs cannot run here; containers will see the memory of the host')
  const options = { env: { ...process.env, PATH: systemPath() }, deadlineMs: 60_000 }
  if ((await lxcfsState()) === 'dead') await runHost(['umount', '-l', FOLDER], options)
  if (hasSystemd()) await runHost(['systemctl', 'restart', 'lxcfs'], options)
  else {
    const command = `mkdir -p ${FOLDER} && setsid lxcfs --pidfile=${PID_FILE} ${FOLDER} </dev/null >/dev/null 2>&1 &`
    await runHost(['sh', '-c', command], options)
  }
}

/**
 * Ends the lxcfs that a setup started, with its mount. It stays while another daemon of containers runs on this host, whose containers
 * may have it mounted; the last setup that is removed ends it.
 * @throws WaitTimeoutError when it does not end within 20 s.
 */
export async function stopLxcfs(onLine: (line: string) => void): Promise<void> {
  const pid = Number(await readFile(PID_FILE, 'utf8').catch(() => ''))
  if (!(pid > 0) || commandOf(pid) !== 'lxcfs') return
  const others = readdirSync('/proc').filter((name) => CONTAINER_DAEMONS.test(commandOf(Number(name))))
  if (others.length > 0) return onLine(`lxcfs stays: process ${others[0]} may use it`)
  process.kill(pid, 'SIGTERM')
  await waitUntil({ what: `lxcfs, process ${pid}, to end`, deadlineMs: 20_000 }, () =>
    Promise.resolve(
      commandOf(pid) === 'lxcfs' ? { done: false, saw: 'it still runs' } : { done: true, value: undefined },
    ),
  )
  if ((await lxcfsState()) === 'dead') await probeHost(['umount', '-l', FOLDER], { deadlineMs: 20_000 })
  await rm(PID_FILE, { force: true })
}

const CONTAINER_DAEMONS = /^(?:lxd|incusd|lxc-start)$/

/** Name of the program a process runs, empty for none. */
function commandOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '')
  } catch {
    return ''
  }
}
