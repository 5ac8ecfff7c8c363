import { existsSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** Directories of system tools; a user's PATH often lacks half of them. */
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** PATH with the directories of system tools in it. */
export function systemPath(): string {
  const own = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return [...own, ...SYSTEM_PATH.filter((directory) => !own.includes(directory))].join(delimiter)
}

/** Full path of a command, or undefined. */
export function findCommand(name: string): string | undefined {
  return systemPath()
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path))
}

/** Whether systemd manages this host. */
export function hasSystemd(): boolean {
  return existsSync('/run/systemd/system')
}

/** Whether this process may administer the host. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** The outermost folder above `path` that other users may not pass through, if there is one. */
export function closedAbove(path: string): string | undefined {
  const above: string[] = []
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    above.unshift(folder)
    if (folder === dirname(folder)) break
  }
  return above.find((folder) => ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0o1) & 0o1) === 0)
}
