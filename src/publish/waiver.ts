import { ConfigError } from '../core/errors.ts'
import { maskText } from './mask.ts'
import { PREDICATES, statement } from './statement.ts'

/** What a person wants to excuse for a while. */
export interface Waiving {
  /** Name people know it by. Default made of the check and the day. */
  id?: string
  /** Globs. */
  checks: readonly string[]
  cells: readonly string[]
  images: readonly string[]
  /** A missing result is excused too. */
  missing: boolean
  reason: string
  tracker: string
  /** The last day, YYYY-MM-DD; it ends with that day in UTC. */
  until: string
}

/** A waiver lasts this long at most. */
const LONGEST_DAYS = 90
const DAY_MS = 86_400_000

/** A statement that excuses known failures for a while. @throws ConfigError that names what is wrong */
export function waiverOf({ id, until, ...what }: Waiving, at: Date): Buffer {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const [today, last] = [day(at.getTime()), day(at.getTime() + LONGEST_DAYS * DAY_MS)]
  if (!/^\d{4}-\d{2}-\d{2}$/.test(until) || Number.isNaN(Date.parse(until)) || until < today || until > last) {
    throw new ConfigError(`a waiver cannot last until ${until}`, {
      hint: `write a day from ${today} to ${last}: then somebody has to look again`,
    })
  }
  const { checks, cells, images, missing, reason, tracker } = what
  const made = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [],
    predicateType: PREDICATES.waiver,
    predicate: {
      id: id ?? nameOf(checks[0] ?? '', today),
      images,
      cells,
      checks,
      ...(missing ? { missing } : {}),
      reason: maskText(reason).text,
      tracker,
      from: at.toISOString(),
      until: `${until}T23:59:59.999Z`,
    },
  }
  const checked = statement.safeParse(made)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new ConfigError(`the waiver is not valid: ${issue?.path.slice(1).join('.')}: ${issue?.message}`)
  }
  return Buffer.from(JSON.stringify(made))
}

function nameOf(check: string, today: string): string {
  const word = check.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
  return `${word || 'all'}-${today.replaceAll('-', '')}`
}
