import { readdir, readFile } from 'node:fs/promises'
import { findStaleTempDirs } from '../../core/temp-dir.ts'
import { probeHost } from '../../core/subprocess.ts'
import { waitUntil } from '../../core/wait-until.ts'
import { findStaleBuilds, removeTree } from '../../images/index.ts'

/** What dead processes of ours left on this host: temporary folders with their sockets, keys and mounts, and half-made images. */
export async function staleHostPaths(): Promise<string[]> {
  return [...new Set([...(await findStaleTempDirs()), ...(await findStaleBuilds())])]
}

/** Takes away one of them: what still works in it is ended, what is mounted below it is unmounted. */
export async function removeHostLeftovers(path: string): Promise<void> {
  for (const pid of await processesIn(path)) endProcess(pid)
  for (const mount of await mountsBelow(path)) await unmount(mount)
  await removeTree(path)
}

/** Something that was ended a moment ago may keep a mount busy for that moment. */
async function unmount(mount: string): Promise<void> {
  await waitUntil({ what: `${mount} to be unmounted`, deadlineMs: 20_000 }, async (signal) => {
    const result = await probeHost(['umount', mount], { deadlineMs: 10_000, signal })
    if (result.exitCode === 0) return { done: true, value: undefined }
    return { done: false, saw: result.stderr.trim() }
  })
}

/** Helpers of a dead process that have not noticed: their environment names its folder, and nobody else's does. */
async function processesIn(path: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid): Promise<number[]> => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      return environment.split('\0').some((entry) => entry.endsWith(`=${path}`) || entry.includes(`=${path}/`))
        ? [pid]
        : []
    }),
  )
  return found.flat().filter((pid) => pid !== process.pid)
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself
  }
}

/** Innermost first. */
async function mountsBelow(path: string): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const targets = text.split('\n').flatMap((line) => line.split(' ')[4] ?? [])
  return targets
    .map((target) => target.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((target) => target === path || target.startsWith(`${path}/`))
    .reverse()
}
