import { UnsupportedError } from '../core/errors.ts'
import type { Line, Opening } from './line.ts'
import { quote } from './shell.ts'

/** How the login user becomes root: not at all, or by a command. */
export type Escalation = 'none' | 'sudo' | 'doas' | 'su'

/** `command`, wrapped so that all of it, redirections included, runs as root. */
export function asRoot(escalation: Escalation, command: string): string {
  if (escalation === 'none') return command
  if (escalation === 'sudo') return `sudo -n -- /bin/sh -c ${quote(command)}`
  if (escalation === 'doas') return `doas -n /bin/sh -c ${quote(command)}`
  return `su root -s /bin/sh -c ${quote(command)}`
}

/** `command`, wrapped so that it runs as `user`; must itself be run as root. */
export function asUser(user: string, command: string): string {
  return `su -s /bin/sh ${quote(user)} -c ${quote(command)}`
}

const FIND = `[ "$(id -u)" = 0 ] && { echo none; exit 0; }
sudo -n -- true >/dev/null 2>&1 </dev/null && { echo sudo; exit 0; }
doas -n true >/dev/null 2>&1 </dev/null && { echo doas; exit 0; }
su root -s /bin/sh -c true >/dev/null 2>&1 </dev/null && { echo su; exit 0; }
echo nothing`

/** Finds how to become root. @throws UnsupportedError when nothing works without a password. */
export async function findEscalation(line: Line, options: Opening): Promise<Escalation> {
  const transport = await line.transport(options)
  if (transport.user === 'root') return 'none'
  const result = await line.exec({ ...options, command: FIND })
  const found = Buffer.from(result.stdout).toString().trim()
  if (found === 'none' || found === 'sudo' || found === 'doas' || found === 'su') return found
  throw new UnsupportedError(`the user ${transport.user} cannot become root without a password`, {
    hint: 'log in as root, or allow it by sudo (NOPASSWD) or doas (nopass)',
  })
}
