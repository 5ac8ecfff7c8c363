import { rm } from 'node:fs/promises'
import { runHost } from '../core/subprocess.ts'

const REMOVE_MS = 300_000

/** Removes a directory, also one with files of subordinate ids in it, which only the namespace they were made in can remove. */
export async function removeTree(path: string): Promise<void> {
  const [command, ...rest] = asNamespaceRoot()
  if (command === undefined) return await rm(path, { recursive: true, force: true })
  await rm(path, { recursive: true, force: true }).catch(() =>
    runHost([command, ...rest, 'rm', '-rf', path], { deadlineMs: REMOVE_MS }),
  )
}

/**
 * Prefix for a command that needs to be root over files: nothing for root, else a user namespace in which the caller is root and has
 * its subordinate ids. Mounts made inside vanish with it.
 */
export function asNamespaceRoot(): string[] {
  return process.getuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user', '--map-auto', '--mount', '--']
}

/**
 * Prefix for a command that must not outlive this process, whatever kills it. Root also gets a process and a mount namespace of its
 * own, so that everything the command started ends with it and none of its mounts are ever seen outside.
 */
export function tiedToThisProcess(): string[] {
  const tied = ['setpriv', '--pdeathsig', 'KILL', '--']
  return process.getuid?.() === 0
    ? [...tied, 'unshare', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc', '--']
    : tied
}
