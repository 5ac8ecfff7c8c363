import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
/** For the rest of the words alone, the first folder is seen at the second; they begin there. */
const BIND = 'mkdir -p "$2" && mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"'

/** A user without any rights. */
export const NOBODY = 65_534

/**
 * A program of this checkout, run by Node as `NOBODY`, or as who runs the tests, where that is not root.
 * @param folder one that everybody may enter; the checkout is seen in it, whatever its own parents allow
 * @param around words that run the rest of the words as root first
 */
export function asNobody(folder: string, program: string, args: readonly string[], around: readonly string[] = []) {
  if (process.getuid?.() !== 0) return ['env', process.execPath, join(ROOT, program), ...args] as const
  const place = join(folder, 'checkout')
  const node = process.execPath.startsWith(`${ROOT}/`) ? process.execPath.replace(ROOT, place) : process.execPath
  const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const bound = ['--mount', 'sh', '-c', BIND, 'sh', ROOT, place]
  return ['unshare', ...bound, ...around, ...user, node, join(place, program), ...args] as const
}
