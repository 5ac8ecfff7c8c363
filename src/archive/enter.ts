import { matchesGlob } from '../matrix/glob.ts'
import { signBytes } from '../publish/envelope.ts'
import type { SigningKey } from '../publish/keys.ts'
import { PREDICATES, type Statement } from '../publish/statement.ts'
import { resultsOfTestResult } from '../publish/test-result.ts'
import type { Query } from './database/sql.ts'
import { FIRST_PREV, hashOf, type LogEntry } from './log-entry.ts'
import { RefusedError } from './refused.ts'
import { insertRows } from './row.ts'
import { rowsOfStatement } from './rows-of-statement.ts'
import type { Spooled } from './spool.ts'
import type { Submitter } from './submitters.ts'

/**
 * Gives a submission its place in the log and writes its rows, in the transaction of `query`.
 * @throws RefusedError when what is in the log already speaks against it
 */
export async function enter(
  query: Query,
  spooled: Spooled,
  statement: Statement,
  context: { key: SigningKey; submitter: Submitter | undefined },
): Promise<LogEntry> {
  await refuseConflicts(query, spooled, statement, context.submitter)
  const [head] = await query<{ seq: number; hash: string }>(
    'SELECT seq, entry_hash AS hash FROM submission ORDER BY seq DESC LIMIT 1',
  )
  const open = {
    seq: (head?.seq ?? 0) + 1,
    id: spooled.id,
    kind: statement.predicateType,
    submitter: spooled.submitter,
    credential: spooled.credential,
    receivedAt: spooled.receivedAt,
    bytes: Buffer.byteLength(spooled.envelope.payload, 'base64'),
    prev: head?.hash ?? FIRST_PREV,
  }
  const hash = hashOf(open)
  const entry = { ...open, hash, signature: signBytes(Buffer.from(hash), context.key.key) }
  await insertRows(query, rowsOfStatement(entry, statement))
  return entry
}

async function refuseConflicts(
  query: Query,
  { id, submitter }: Spooled,
  statement: Statement,
  registered: Submitter | undefined,
): Promise<void> {
  if (statement.predicateType === PREDICATES.retraction) {
    await ownSubmission(
      query,
      statement.predicate.submission,
      submitter,
      registered?.roles.includes('operator') ?? false,
    )
    return
  }
  if (statement.predicateType === PREDICATES.approval) {
    await imageInScope(query, statement.predicate.image, submitter, registered)
    return
  }
  if (statement.predicateType === PREDICATES.decision) {
    const { image, asOf } = statement.predicate.decision
    await imageInScope(query, image.digest, submitter, registered)
    const [head] = await query<{ seq: number | null }>('SELECT max(seq) AS seq FROM submission')
    if (asOf.seq > (head?.seq ?? 0))
      throw new RefusedError(409, `the decision has seen entry ${asOf.seq} of the log, and there are ${head?.seq ?? 0}`)
    return
  }
  if (statement.predicateType === PREDICATES.waiver) return
  const { run } =
    statement.predicateType === PREDICATES.results ? statement.predicate : resultsOfTestResult(statement, 0)
  if (run.corrects !== undefined) await ownSubmission(query, run.corrects, submitter, false)
  const same = await query<{ submission: string }>(
    `SELECT r.submission AS submission FROM run r JOIN submission_state v ON v.id = r.submission
     WHERE r.submitter = ? AND r.run_id = ? AND r.part = ? AND v.state <> 'retracted'`,
    [submitter, run.id, run.part?.index ?? 1],
  )
  const other = same.find(({ submission }) => submission !== run.corrects && submission !== id)
  if (other) {
    throw new RefusedError(409, `run ${run.id} is there with another content, as ${other.submission}`, {
      hint: `what was submitted is never changed; to replace it: harness publish --corrects ${other.submission}`,
    })
  }
}

async function imageInScope(query: Query, image: string, submitter: string, registered: Submitter | undefined) {
  const names = await query<{ name: string }>('SELECT name FROM image WHERE digest = ?', [image])
  if (names.length === 0) throw new RefusedError(409, `nobody has submitted results of image ${image}`)
  const may = (name: string) => registered?.scopes.some(({ images }) => matchesGlob(name, images)) ?? false
  if (!names.every(({ name }) => may(name)))
    throw new RefusedError(403, `${submitter} may not approve image ${names.map(({ name }) => name).join(', ')}`)
}

async function ownSubmission(query: Query, target: string, submitter: string, operator: boolean): Promise<void> {
  const [row] = await query<{ submitter: string; kind: string }>(
    'SELECT submitter, kind FROM submission WHERE id = ?',
    [target],
  )
  if (!row) throw new RefusedError(409, `there is no submission ${target}`)
  if (row.submitter !== submitter && !operator)
    throw new RefusedError(403, `the submission ${target} is from ${row.submitter}, not from ${submitter}`)
  if (row.kind === PREDICATES.retraction) throw new RefusedError(409, 'a retraction cannot be taken back; submit again')
}
