import { z } from 'zod'
import { checkRecord, digest, imageDigest, status, subject } from '../publish/record-schema.ts'
import type { ApprovalRow, SubmitterRow, WaiverRow } from '../archive/read/people.ts'
import { decisionSchema } from '../publish/decision.ts'
import type { DecisionRow } from '../archive/read/decisions.ts'
import type { CellRunRow, FileRow } from '../archive/read/cell-runs.ts'
import type { FindingRow } from '../archive/read/findings.ts'
import type { ImageRow } from '../archive/read/images.ts'
import type { RunRow } from '../archive/read/runs.ts'
import type { SubmissionRow } from '../archive/read/submissions.ts'

const at = z.iso.datetime()
const text = z.string()
const count = z.int().min(0)
const standing = z
  .enum(['accepted', 'retracted', 'distrusted'])
  .describe('Whether it counts: it was taken back, its key was in wrong hands, or neither.')

export const submissionShape = z
  .object({
    id: digest.describe('Digest of the payload.'),
    seq: count.describe('Its place in the log.'),
    kind: text,
    submitter: text,
    credential: text,
    receivedAt: at,
    bytes: count,
    prev: digest.describe('Hash of the entry before it.'),
    hash: digest.describe(
      'Hash of prev, seq, id, kind, submitter, credential, receivedAt in milliseconds and bytes, as a JSON list.',
    ),
    signature: text.describe('Ed25519 signature of the hash by the archive, DSSE style, in base64.'),
    state: standing,
  })
  .meta({ id: 'Submission' })

export const runShape = z
  .object({
    submission: digest,
    runId: text,
    submitter: text,
    harness: text,
    trigger: z.object({ kind: z.enum(['person', 'ci', 'import']), url: text.nullable() }),
    part: z.object({ index: count, count }),
    format: text,
    plan: digest.nullable(),
    startedAt: at,
    receivedAt: at,
    durationMs: z.number(),
    status,
    cells: count,
    state: standing,
  })
  .meta({ id: 'Run' })

export const cellRunShape = z
  .object({
    uid: text,
    submission: digest,
    submitter: text,
    cell: text,
    platform: text,
    image: text,
    digest: imageDigest.nullable(),
    build: text,
    status,
    flaky: z.boolean(),
    reason: text.nullable(),
    startedAt: at,
    durationMs: z.number(),
    attempt: count,
    boots: count,
    bootMs: z.number().nullable(),
    counts: z.object({
      pass: count,
      fail: count,
      error: count,
      miss: count,
      skip: count,
      done: count,
      waived: count,
      flaky: count,
    }),
    usd: z.number().nullable(),
    state: standing,
  })
  .meta({ id: 'CellRun' })

export const fileShape = z
  .object({
    name: text,
    title: text,
    kind: z.enum(['log', 'facts']),
    phase: text.nullable(),
    subject: subject.nullable(),
    digest,
    bytes: count,
    truncated: z.boolean(),
    url: text,
  })
  .meta({ id: 'File' })

export const cellRunDetailShape = cellRunShape
  .extend({
    axes: z.record(text, text),
    suites: z.array(text),
    agent: z.object({ name: text, source: text }),
    upgrade: z.object({ from: text, to: text, source: text }).optional(),
    warnings: z.array(text),
    measured: z.array(z.object({ subject, values: z.record(text, z.number()) })),
    checks: z.array(checkRecord).nullable().describe('Null when the archive no longer keeps them.'),
    files: z.array(fileShape),
  })
  .meta({ id: 'CellRunDetail' })

export const imageShape = z
  .object({
    digest: imageDigest,
    name: text,
    basis: z.enum(['stored', 'uploaded', 'reported']),
    distribution: text,
    release: text,
    architecture: text,
    variant: text,
    description: text,
    build: text,
    builtAt: at,
  })
  .meta({ id: 'Image' })

export const findingShape = z
  .object({
    cellRun: text,
    judgement: text,
    check: text,
    suite: text,
    status,
    severity: text,
    title: text,
    excerpt: text,
    cell: text,
    image: text,
    build: text,
    submitter: text,
    startedAt: at,
    waived: z.boolean(),
    state: standing,
  })
  .meta({ id: 'Finding' })

export const submitterShape = z
  .object({
    id: text,
    display: text,
    contact: text,
    docs: text.nullable(),
    state: z.enum(['active', 'suspended']),
    roles: z.array(text),
    scopes: z.array(z.object({ cells: text, images: text })),
    submissions: count,
    lastAt: at.nullable(),
  })
  .meta({ id: 'Submitter' })

export const waiverShape = z
  .object({
    submission: digest,
    id: text,
    submitter: text,
    images: z.array(text),
    cells: z.array(text),
    checks: z.array(text),
    missing: z.boolean(),
    reason: text,
    tracker: text,
    from: at,
    until: at,
    state: standing,
  })
  .meta({ id: 'Waiver' })

export const approvalShape = z
  .object({
    submission: digest,
    submitter: text,
    decision: digest,
    verdict: z.enum(['go', 'no-go']),
    digest: imageDigest,
    approver: text,
    comment: text.nullable(),
    at,
    state: standing,
  })
  .meta({ id: 'Approval' })

export const decisionShape = z
  .object({
    submission: digest,
    submitter: text,
    id: digest.describe('Digest of the decision.'),
    verdict: z.enum(['go', 'no-go']),
    policy: text,
    policyDigest: digest,
    digest: imageDigest,
    image: text,
    asOfSeq: count.describe('The newest entry of the log that it saw.'),
    at,
    satisfied: count,
    unsatisfied: count,
    missing: count,
    state: standing,
  })
  .meta({ id: 'Decision' })

export const decisionDetailShape = decisionShape
  .extend({ decision: decisionSchema, policyText: text.describe('With it `harness gate --replay` decides again.') })
  .meta({ id: 'DecisionDetail' })

const iso = (ms: number) => new Date(ms).toISOString()

export const showSubmission = (row: SubmissionRow) => ({ ...row, receivedAt: iso(row.receivedAt) })

export function showRun({ seq: _seq, triggerKind, triggerUrl, part, parts, ...row }: RunRow) {
  const trigger = { kind: triggerKind, url: triggerUrl }
  return {
    ...row,
    trigger,
    part: { index: part, count: parts },
    startedAt: iso(row.startedAt),
    receivedAt: iso(row.receivedAt),
  }
}

export function showCellRun({
  seq: _seq,
  pass,
  fail,
  error,
  miss,
  skip,
  done,
  waived,
  flakyChecks,
  ...row
}: CellRunRow) {
  const counts = { pass, fail, error, miss, skip, done, waived, flaky: flakyChecks }
  return { ...row, flaky: row.flaky === 1, startedAt: iso(row.startedAt), counts }
}

export const showFile = (row: FileRow) => ({ ...row, truncated: row.truncated === 1, url: blobPath(row.digest) })
export const showImage = (row: ImageRow) => ({ ...row, builtAt: iso(row.builtAt) })

export function showFinding({ uid, waived, ...row }: FindingRow) {
  return { ...row, cellRun: uid, waived: waived !== null, startedAt: iso(row.startedAt) }
}

export const showSubmitter = (row: SubmitterRow) => ({ ...row, lastAt: row.lastAt === null ? null : iso(row.lastAt) })

export function showWaiver(row: WaiverRow) {
  return { ...row, missing: row.missing === 1, from: iso(row.from), until: iso(row.until) }
}

export const showApproval = (row: ApprovalRow) => ({ ...row, at: iso(row.at) })

export const showDecision = (row: DecisionRow) => ({ ...row, at: iso(row.at) })

/** Where the content with a digest is. */
export function blobPath(of: string): string {
  return `/api/v1/blobs/sha256/${of.slice(of.indexOf(':') + 1)}`
}
