import { ConfigError } from '../core/errors.ts'
import type { Decision } from '../publish/decision.ts'
import { PREDICATES, statement, subjectsOf } from '../publish/statement.ts'
import type { ReadPolicy } from './policy.ts'

/**
 * A decision and its policy as a statement about the image, as bytes to be signed. A no-go is one too: it says what is missing.
 * @throws ConfigError when it has more than a statement can hold
 */
export function decisionPayload(decision: Decision, { text }: Pick<ReadPolicy, 'text'>): Buffer {
  const { name, digest } = decision.image
  const made = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectsOf([{ name, digest }]),
    predicateType: PREDICATES.decision,
    predicate: { decision, policy: text },
  }
  const checked = statement.safeParse(made)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new ConfigError(`the decision cannot be submitted: ${issue?.path.slice(1).join('.')}: ${issue?.message}`)
  }
  return Buffer.from(JSON.stringify(made))
}
