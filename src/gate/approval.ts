import { ConfigError } from '../core/errors.ts'
import { admit } from '../archive/admit.ts'
import type { Submitter } from '../archive/submitters.ts'
import type { Decision } from '../publish/decision.ts'
import { PREDICATES, statement, subjectsOf, type ApprovalStatement } from '../publish/statement.ts'

/** What a person says about a decision. */
export interface Approving {
  approver: string
  comment?: string
  /** Milliseconds. Default now. */
  at?: number
}

/**
 * The statement by which a person stands behind a decision, as bytes to be signed.
 * @throws ConfigError when the decision is a no-go
 */
export function approvalPayload(decision: Decision, { approver, comment, at = Date.now() }: Approving): Buffer {
  if (decision.verdict !== 'go') {
    throw new ConfigError(
      `the decision is a no-go: ${decision.unsatisfied.length} unsatisfied, ${decision.missing.length} missing`,
      { hint: 'a waiver that somebody signs excuses what is known; nobody approves a no-go' },
    )
  }
  const { name, digest } = decision.image
  const made = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectsOf([{ name, digest }]),
    predicateType: PREDICATES.approval,
    predicate: {
      decision: decision.id,
      verdict: decision.verdict,
      image: digest,
      approver,
      ...(comment === undefined ? {} : { comment }),
      at: new Date(at).toISOString(),
    },
  }
  const checked = statement.safeParse(made)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new ConfigError(`the approval is not valid: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  return Buffer.from(JSON.stringify(made))
}

/**
 * The approval in an envelope, when it is signed by somebody who may approve and is about this very decision.
 * @throws ConfigError, RefusedError
 */
export function verifyApproval(
  envelope: string,
  decision: Decision,
  approvers: readonly Submitter[],
  now: number,
): ApprovalStatement & { submitter: string } {
  const { statement: said, submitter } = admit(envelope, approvers, { now })
  if (said.predicateType !== PREDICATES.approval) throw new ConfigError('the envelope holds no approval')
  const { predicate } = said
  if (predicate.decision !== decision.id || predicate.image !== decision.image.digest)
    throw new ConfigError(`the approval by ${predicate.approver} is about another decision`)
  if (predicate.verdict !== 'go' || decision.verdict !== 'go')
    throw new ConfigError(`the decision is a no-go, and nobody can approve that`)
  return { ...predicate, submitter: submitter.id }
}
