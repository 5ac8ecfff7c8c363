import type { CheckFailure, CheckRecord } from './check-record.ts'

/** Most records say the same as many others: the same check, the same title, the same reason. Each text is kept once. */
const texts = new Map<string, string>()
const MOST_TEXTS = 50_000
const NONE: CheckFailure[] = []
Object.freeze(NONE)

/** The same record in a quarter of the memory. What is left out is what is absent. */
export function compactRecord(record: CheckRecord): CheckRecord {
  const { errors, ...rest } = record
  const compact: CheckRecord = { ...rest, errors: errors.length === 0 ? NONE : errors }
  compact.id = shared(compact.id)
  compact.suite = shared(compact.suite)
  compact.title = shared(compact.title)
  compact.severity = shared(compact.severity)
  compact.subject = shared(compact.subject)
  compact.status = shared(compact.status)
  if (compact.phase !== undefined) compact.phase = shared(compact.phase)
  if (compact.reason !== undefined) compact.reason = shared(compact.reason)
  return compact
}

function shared<Text extends string>(text: Text): Text {
  const known = texts.get(text)
  if (known !== undefined) return known as Text
  if (texts.size < MOST_TEXTS) texts.set(text, text)
  return text
}
