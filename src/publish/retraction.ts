import { maskText } from './mask.ts'
import { PREDICATES } from './statement.ts'

/** A statement that takes a submission back. */
export function retractionOf(submission: string, reason: string, at: Date): Buffer {
  const predicate = { submission, reason: maskText(reason).text, at: at.toISOString() }
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [],
      predicateType: PREDICATES.retraction,
      predicate,
    }),
  )
}
