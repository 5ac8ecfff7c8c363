import { PREDICATES, type DecisionStatement, type Statement } from '../publish/statement.ts'
import { resultsOfTestResult } from '../publish/test-result.ts'
import type { LogEntry } from './log-entry.ts'
import { pack } from './pack.ts'
import type { Row } from './row.ts'
import { rowsOfResults } from './rows-of-results.ts'

/** The rows that a submission becomes, its line in the log first. */
export function rowsOfStatement(entry: LogEntry, statement: Statement): Row[] {
  return [rowOfEntry(entry), ...rowsOfClaim(entry, statement)]
}

export function rowOfEntry(entry: LogEntry): Row {
  return {
    table: 'submission',
    values: {
      id: entry.id,
      seq: entry.seq,
      kind: entry.kind,
      submitter: entry.submitter,
      credential: entry.credential,
      received_at: entry.receivedAt,
      bytes: entry.bytes,
      prev_hash: entry.prev,
      entry_hash: entry.hash,
      signature: entry.signature,
    },
  }
}

function rowsOfClaim(entry: LogEntry, statement: Statement): Row[] {
  const { id, submitter } = entry
  switch (statement.predicateType) {
    case PREDICATES.results:
      return rowsOfResults(entry, statement.predicate)
    case PREDICATES.testResult:
      return rowsOfResults(entry, resultsOfTestResult(statement, entry.receivedAt))
    case PREDICATES.retraction: {
      const { submission: target, reason, at } = statement.predicate
      return [{ table: 'retraction', values: { submission: id, target, reason, at: Date.parse(at) } }]
    }
    case PREDICATES.waiver: {
      const { images, cells, checks, missing, reason, tracker, from, until } = statement.predicate
      const values = {
        submission: id,
        id: statement.predicate.id,
        submitter,
        images: JSON.stringify(images),
        cells: JSON.stringify(cells),
        checks: JSON.stringify(checks),
        missing: missing ? 1 : 0,
        reason,
        tracker,
        from_at: Date.parse(from),
        until_at: Date.parse(until),
      }
      return [{ table: 'waiver', values }]
    }
    case PREDICATES.decision:
      return [{ table: 'decision', values: valuesOfDecision(entry, statement.predicate) }]
    case PREDICATES.approval: {
      const { decision, verdict, image, approver, comment, at } = statement.predicate
      const values = { submission: id, submitter, decision, verdict, digest: image, approver, comment: comment ?? null }
      return [{ table: 'approval', values: { ...values, at: Date.parse(at) } }]
    }
  }
}

function valuesOfDecision(
  { id: submission, submitter }: LogEntry,
  { decision, policy }: DecisionStatement,
): Row['values'] {
  const { id, verdict, image, asOf, satisfied, unsatisfied, missing } = decision
  return {
    submission,
    id,
    submitter,
    verdict,
    policy: decision.policy.id,
    policy_digest: decision.policy.digest,
    digest: image.digest,
    image: image.name,
    as_of_seq: asOf.seq,
    at: Date.parse(asOf.at),
    n_satisfied: satisfied.length,
    n_unsatisfied: unsatisfied.length,
    n_missing: missing.length,
    body: pack({ decision, policy }),
  }
}
