import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { runHost } from '../core/subprocess.ts'
import { findCommand, hasSystemd, systemPath } from './host.ts'

const FOLDER = '/var/lib/lxcfs'

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
  const start = hasSystemd() ? 'systemctl restart lxcfs' : `lxcfs ${FOLDER}`
  return [...(state === 'dead' ? [`umount -l ${FOLDER}`] : []), start]
}

/** Starts lxcfs where the host can run it; without it containers see the memory of the host. */
export async function startLxcfs(onLine: (line: string) => void): Promise<void> {
  if (!findCommand('lxcfs') || !existsSync('/dev/fuse'))
    return onLine('lxcfs cannot run here; containers will see the memory of the host')
  const options = { env: { ...process.env, PATH: systemPath() }, deadlineMs: 60_000 }
  if ((await lxcfsState()) === 'dead') await runHost(['umount', '-l', FOLDER], options)
  if (hasSystemd()) await runHost(['systemctl', 'restart', 'lxcfs'], options)
  else await runHost(['sh', '-c', `mkdir -p ${FOLDER} && setsid lxcfs ${FOLDER} </dev/null >/dev/null 2>&1 &`], options)
}
