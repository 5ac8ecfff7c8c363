import { readPage, type Page, type PageRequest, type ReadArchive, type Standing } from './page.ts'

/** Who submits, as far as everyone may see it, and how much. */
export interface SubmitterRow {
  id: string
  display: string
  contact: string
  docs: string | null
  state: 'active' | 'suspended'
  roles: string[]
  scopes: { cells: string; images: string }[]
  submissions: number
  /** Milliseconds; null when nothing came yet. */
  lastAt: number | null
}

/** All submitters, by id. */
export async function listSubmitters({ sql }: ReadArchive): Promise<SubmitterRow[]> {
  const rows = await sql.query<Omit<SubmitterRow, 'roles' | 'scopes'> & { roles: string; scopes: string }>(
    `SELECT u.id AS id, u.display AS display, u.contact AS contact, u.docs_url AS docs, u.state AS state, u.roles AS roles, u.scopes AS scopes,
       (SELECT count(*) FROM submission s WHERE s.submitter = u.id) AS submissions,
       (SELECT max(received_at) FROM submission s WHERE s.submitter = u.id) AS "lastAt"
     FROM submitter u ORDER BY u.id`,
  )
  return rows.map((row) => ({
    ...row,
    roles: JSON.parse(row.roles) as string[],
    scopes: JSON.parse(row.scopes) as SubmitterRow['scopes'],
  }))
}

/** A key or token of a submitter; the key itself is public knowledge by its id. */
export interface CredentialRow {
  id: string
  submitter: string
  kind: 'ed25519' | 'oidc'
  issuer: string | null
  /** JSON. */
  claims: string | null
  notAfter: number
  revokedAt: number | null
  compromisedAt: number | null
}

export async function listCredentials({ sql }: ReadArchive): Promise<CredentialRow[]> {
  return await sql.query<CredentialRow>(
    `SELECT id, submitter, kind, issuer, claims, not_after AS "notAfter", revoked_at AS "revokedAt", compromised_at AS "compromisedAt"
     FROM credential ORDER BY submitter, id`,
  )
}

/** A known failure that does not count for a while. It never changes a status. */
export interface WaiverRow {
  submission: string
  id: string
  submitter: string
  images: string[]
  cells: string[]
  checks: string[]
  missing: number
  reason: string
  tracker: string
  from: number
  until: number
  state: Standing
}

/** Waivers, those that end last first. Expired and retracted ones too: `state` and `until` tell. */
export async function listWaivers(archive: ReadArchive, request: PageRequest = {}): Promise<Page<WaiverRow>> {
  const { items, ...rest } = await readPage<Omit<WaiverRow, Globs> & Record<Globs, string>>(
    archive,
    {
      select: `SELECT w.submission AS submission, w.id AS id, w.submitter AS submitter, w.images AS images, w.cells AS cells, w.checks AS checks,
        w.missing AS missing, w.reason AS reason, w.tracker AS tracker, w.from_at AS "from", w.until_at AS until, v.state AS state
        FROM waiver w JOIN submission_state v ON v.id = w.submission`,
      order: ['w.until_at', 'w.submission'],
      descending: true,
    },
    request,
  )
  const list = (text: string) => JSON.parse(text) as string[]
  return {
    items: items.map((row) => ({ ...row, images: list(row.images), cells: list(row.cells), checks: list(row.checks) })),
    ...rest,
  }
}

type Globs = 'images' | 'cells' | 'checks'

/** A signed approval of a decision. */
export interface ApprovalRow {
  submission: string
  submitter: string
  decision: string
  verdict: 'go' | 'no-go'
  digest: string
  approver: string
  comment: string | null
  at: number
  state: Standing
}

/** Approvals, newest first: all, or those of an image. */
export async function listApprovals(
  archive: ReadArchive,
  request: PageRequest & { digest?: string; decision?: string } = {},
): Promise<Page<ApprovalRow>> {
  return await readPage<ApprovalRow>(
    archive,
    {
      select: `SELECT a.submission AS submission, a.submitter AS submitter, a.decision AS decision, a.verdict AS verdict, a.digest AS digest,
        a.approver AS approver, a.comment AS comment, a.at AS at, v.state AS state
        FROM approval a JOIN submission_state v ON v.id = a.submission`,
      order: ['a.at', 'a.submission'],
      descending: true,
      filter: { 'a.digest': request.digest, 'a.decision': request.decision },
    },
    request,
  )
}
