import { createHash } from 'node:crypto'

/**
 * The name of a machine: the same for the same run, cell, attempt and role, so that a later process can find it.
 * At most 63 characters of `a-z0-9-`, begins with a letter and ends without a hyphen: valid as a host name and on every cloud.
 * @param role `subject`, `pair`, or the group of a check's own instance
 */
export function machineName(of: { runId: string; cell: string; attempt: number; role: string }): string {
  const exact = createHash('sha256')
    .update([of.runId, of.cell, of.attempt, of.role].join('\n'))
    .digest('hex')
    .slice(0, 8)
  const run = slug(of.runId, 20)
  const role = slug(of.role, 12)
  const cell = slug(
    of.cell.split('/').slice(1, 2).join('') || of.cell,
    63 - 2 - run.length - role.length - exact.length - 3,
  )
  return ['h', run, cell, role, exact].filter(Boolean).join('-')
}

/** An id of a run: `YYYYMMDD-HHMMSS-xxxx`, in UTC; the last part is random. */
export function newRunId(now = new Date()): string {
  const [day = '', time = ''] = now.toISOString().split('T')
  const random = Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  return `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${random}`
}

function slug(text: string, maxLength: number): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, Math.max(0, maxLength))
    .replace(/^-+|-+$/g, '')
}
