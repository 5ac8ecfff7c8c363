import type { DecisionStatement } from '../../publish/statement.ts'
import { unpack } from '../pack.ts'
import { readPage, type Page, type PageRequest, type ReadArchive, type Standing } from './page.ts'

/** A decision of the gate that somebody submitted. */
export interface DecisionRow {
  submission: string
  /** Digest of the decision. */
  id: string
  submitter: string
  verdict: 'go' | 'no-go'
  /** Id of the policy. */
  policy: string
  policyDigest: string
  /** Of the image. */
  digest: string
  image: string
  /** The newest entry of the log that it saw. */
  asOfSeq: number
  at: number
  satisfied: number
  unsatisfied: number
  missing: number
  state: Standing
}

const SELECT = `SELECT d.submission AS submission, d.id AS id, d.submitter AS submitter, d.verdict AS verdict, d.policy AS policy,
  d.policy_digest AS "policyDigest", d.digest AS digest, d.image AS image, d.as_of_seq AS "asOfSeq", d.at AS at,
  d.n_satisfied AS satisfied, d.n_unsatisfied AS unsatisfied, d.n_missing AS missing, v.state AS state
  FROM decision d JOIN submission_state v ON v.id = d.submission`

/** Decisions, newest first: all, or those about an image or by a policy. */
export async function listDecisions(
  archive: ReadArchive,
  request: PageRequest & { digest?: string; image?: string; policy?: string; verdict?: string } = {},
): Promise<Page<DecisionRow>> {
  const { digest, image, policy, verdict } = request
  const filter = { 'd.digest': digest, 'd.image': image, 'd.policy': policy, 'd.verdict': verdict }
  return await readPage<DecisionRow>(
    archive,
    { select: SELECT, order: ['d.at', 'd.submission'], descending: true, filter },
    request,
  )
}

/** A decision by its id, with everything it says and the text of its policy; the first that was submitted and counts. */
export async function findDecision(
  { sql }: ReadArchive,
  id: string,
): Promise<(DecisionStatement & { row: DecisionRow }) | undefined> {
  const rows = await sql.query<DecisionRow>(
    `${SELECT} JOIN submission s ON s.id = d.submission WHERE d.id = ? ORDER BY s.seq`,
    [id],
  )
  const row = rows.find(({ state }) => state === 'accepted') ?? rows[0]
  if (!row) return undefined
  const [found] = await sql.query<{ body: Uint8Array }>('SELECT body FROM decision WHERE submission = ?', [
    row.submission,
  ])
  return found && { row, ...unpack<DecisionStatement>(found.body) }
}
