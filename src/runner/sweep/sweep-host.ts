import { readdir, readFile } from 'node:fs/promises'
import { PrerequisiteError } from '../../core/errors.ts'
import { findStaleTempDirs, staleTempDirOf } from '../../core/temp-dir.ts'
import { probeHost } from '../../core/subprocess.ts'
import { waitUntil } from '../../core/wait-until.ts'
import { findStaleBuilds, removeTree } from '../../images/index.ts'

/** What dead processes of ours left on this host: temporary folders with their sockets, keys and mounts, and half-made images. */
export async function staleHostPaths(): Promise<string[]> {
  return [...new Set([...(await findStaleTempDirs()), ...(await proxiedFolders()), ...(await findStaleBuilds())])]
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

/**
 * Helpers of a dead process that have not noticed: their environment names its folder, and nobody else's does. And proxies of
 * LXD to a socket in it, which now and then outlive their guest (seen with LXD 5.0.2).
 */
async function processesIn(path: string): Promise<number[]> {
  const found = await Promise.all(
    (await processIds()).map(async (pid): Promise<number[]> => {
      const entries = await wordsOf(pid, 'environ')
      const named = entries.some((entry) => entry.endsWith(`=${path}`) || entry.includes(`=${path}/`))
      return named || (await proxiedSocket(pid))?.startsWith(`${path}/`) ? [pid] : []
    }),
  )
  return found.flat().filter((pid) => pid !== process.pid)
}

/** Folders of dead processes that only a proxy of LXD still knows. */
async function proxiedFolders(): Promise<string[]> {
  const sockets = await Promise.all((await processIds()).map(proxiedSocket))
  return sockets.flatMap((socket) => (socket === undefined ? [] : (staleTempDirOf(socket) ?? [])))
}

/** The socket on this host that a `forkproxy` of LXD or Incus connects to; undefined for any other process. */
async function proxiedSocket(pid: number): Promise<string | undefined> {
  const [, verb, ...words] = await wordsOf(pid, 'cmdline')
  if (verb !== 'forkproxy') return undefined
  return words.find((word) => word.startsWith('unix:/'))?.slice('unix:'.length)
}

async function processIds(): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [])
  return names.filter((name) => /^\d+$/.test(name)).map(Number)
}

async function wordsOf(pid: number, file: 'environ' | 'cmdline'): Promise<string[]> {
  return (await readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')).split('\0')
}

/** @throws PrerequisiteError when it belongs to somebody else */
function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // One that ended by itself is fine.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return
    const hint = `sudo kill -9 ${pid}`
    throw new PrerequisiteError(`process ${pid} outlived its guest and belongs to another user`, { hint })
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
