import { readFile, rm } from 'node:fs/promises'
import { findStaleTempDirs } from '../core/temp-dir.ts'
import { runHost } from '../core/subprocess.ts'
import { findStaleBuilds } from '../images/index.ts'

/** What dead processes of ours left on this host: temporary folders with their sockets, keys and mounts, and half-made images. */
export async function staleHostPaths(): Promise<string[]> {
  return [...new Set([...(await findStaleTempDirs()), ...(await findStaleBuilds())])]
}

/** Takes away one of them, unmounting what is mounted below it first. */
export async function removeHostLeftovers(path: string): Promise<void> {
  for (const mount of await mountsBelow(path)) await runHost(['umount', mount], { deadlineMs: 30_000 })
  await rm(path, { recursive: true, force: true })
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
