import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A limit of the kernel that all containers of one daemon share, because their users are the same user of the host. */
export interface KernelLimit {
  /** As sysctl writes it. */
  name: string
  atLeast: number
}

/** Values from the chapter on production servers of the LXD documentation, as far as a few dozen containers need them. */
const LIMITS: readonly KernelLimit[] = [
  { name: 'fs.inotify.max_user_instances', atLeast: 1024 },
  { name: 'fs.inotify.max_user_watches', atLeast: 131_072 },
  { name: 'kernel.keys.maxkeys', atLeast: 2000 },
  { name: 'kernel.keys.maxbytes', atLeast: 2_000_000 },
]

/** Limits that are too low for several containers at once. A limit that cannot be read is not one of this host. */
export async function lowLimits(root = '/proc/sys'): Promise<KernelLimit[]> {
  const values = await Promise.all(
    LIMITS.map(({ name }) => readFile(pathOf(name, root), 'utf8').catch(() => undefined)),
  )
  return LIMITS.filter((limit, index) => values[index] !== undefined && Number(values[index]) < limit.atLeast)
}

/** Raises limits until the next start of the host. Returns those the host did not let raise. */
export async function raiseLimits(limits: readonly KernelLimit[], root = '/proc/sys'): Promise<KernelLimit[]> {
  const refused = await Promise.all(
    limits.map((limit) =>
      writeFile(pathOf(limit.name, root), `${limit.atLeast}\n`).then(
        () => undefined,
        () => limit,
      ),
    ),
  )
  return refused.filter((limit) => limit !== undefined)
}

function pathOf(name: string, root: string): string {
  return join(root, ...name.split('.'))
}
