import type { Account, FileEntry, Group, HostKey, PasswordClass } from './facts.ts'

const CLASSES: readonly string[] = ['empty', 'locked', 'star', 'usable']

/** Lines of passwd (bare or with a `file:line:` prefix) and `name:class` lines of the shadow file. */
export function parsePasswd(lines: readonly string[], shadow: readonly string[]): Account[] {
  const classes = new Map(shadow.map((line) => line.split(':') as [string, string]))
  return lines.flatMap((line) => {
    const fields = bare(line).split(':')
    const [name = '', field = '', uid = '', gid = ''] = fields
    if (!name || name.startsWith('#') || !/^\d+$/.test(uid)) return []
    // FreeBSD's passwd has seven fields as well; its master.passwd is never read as passwd.
    const [home = '', shell = ''] = fields.slice(5)
    return [
      { name, uid: Number(uid), gid: Number(gid), home, shell, password: passwordClass(classes.get(name), field) },
    ]
  })
}

function passwordClass(shadow: string | undefined, field: string): PasswordClass {
  if (shadow !== undefined && CLASSES.includes(shadow)) return shadow as PasswordClass
  if (field === '') return 'empty'
  return field === 'x' || field === '*'
    ? 'none'
    : field.startsWith('!')
      ? 'locked'
      : field.startsWith('*')
        ? 'star'
        : 'usable'
}

/** Lines of group. */
export function parseGroup(lines: readonly string[]): Group[] {
  return lines.flatMap((line) => {
    const [name = '', , gid = '', members = ''] = bare(line).split(':')
    return name && /^\d+$/.test(gid) ? [{ name, gid: Number(gid), members: members.split(',').filter(Boolean) }] : []
  })
}

/** Output of `sshd -T`: keyword and value per line; some keywords come several times. */
export function parseSshd(lines: readonly string[]): Record<string, string[]> {
  const values: Record<string, string[]> = {}
  for (const line of lines) {
    const match = /^([a-z][a-z0-9]*)(?:\s+(.*))?$/i.exec(line.trim())
    if (match) (values[(match[1] ?? '').toLowerCase()] ??= []).push(match[2] ?? '')
  }
  return values
}

/** Host key files, and `path 3072 SHA256:... comment (RSA)` lines of ssh-keygen for the public ones. */
export function parseHostKeys(files: readonly FileEntry[], prints: readonly string[]): HostKey[] {
  const known = new Map(
    prints.flatMap((line) => {
      const match = /^(\S+) (\d+) (\S+:\S+) .*\(([^()]+)\)$/.exec(line)
      return match ? [[match[1] ?? '', match] as const] : []
    }),
  )
  return files.map(({ path, mode, owner, group, bytes }) => {
    const print = known.get(path)
    const type = /ssh_host_(.+?)_?key/.exec(path)?.[1] ?? /dropbear_(.+?)_host_key/.exec(path)?.[1] ?? 'unknown'
    return {
      path,
      type: path.includes('dropbear') ? `dropbear-${type}` : type || 'rsa1',
      private: !path.endsWith('.pub') && !path.endsWith('-cert.pub'),
      ...(print ? { bits: Number(print[2]), fingerprint: print[3] ?? '' } : {}),
      mode,
      owner,
      group,
      bytes,
    }
  })
}

function bare(line: string): string {
  return line.replace(/^\.?\/[^:]*:\d+:/, '')
}
