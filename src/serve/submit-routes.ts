import { z } from 'zod'
import { digestOf } from '../publish/digest.ts'
import { openEnvelope } from '../publish/envelope.ts'
import type { Admitted } from '../archive/admit.ts'
import { refuseOverQuota } from '../archive/quota.ts'
import { findRejection, rememberRejection } from '../archive/rejections.ts'
import { findSubmission, readEntry } from '../archive/read/submissions.ts'
import { RefusedError } from '../archive/refused.ts'
import { ConfigError } from '../core/errors.ts'
import { blobPath, showSubmission, submissionShape } from './api-shapes.ts'
import { json, problem, type Reply, type Request } from './reply.ts'
import { route, type Route, type ServeContext } from './route.ts'

const stateShape = submissionShape.extend({
  retractedBy: z.array(z.object({ submission: z.string(), reason: z.string(), at: z.iso.datetime() })).optional(),
})

/** How results come in. */
export const submitRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/submissions',
    summary:
      'Submit a DSSE envelope. 201 when it is in the log, 200 when it was before, 409 with a ticket when files are missing.',
    reply: submissionShape,
    handle: submit,
  }),
  route({
    method: 'GET',
    path: '/api/v1/submissions/{id}',
    summary: 'What became of a submission. The id is the digest of its payload.',
    reply: stateShape,
    handle: status,
  }),
  route({
    method: 'PUT',
    path: '/api/v1/blobs/sha256/{hex}',
    summary:
      'Upload a file that a submission names, with the ticket as bearer token. 201 when it is new, 200 when it was here.',
    handle: upload,
  }),
  route({
    method: 'GET',
    path: '/api/v1/blobs/sha256/{hex}',
    summary: 'A log or facts by digest. 410 with a tombstone when it was removed.',
    type: 'text/plain',
    handle: download,
  }),
]

async function submit(context: ServeContext, { request }: { request: Request }): Promise<Reply> {
  const { archive, metrics } = context
  const text = (await request.body(context.limits.envelopeBytes)).toString('utf8')
  let admitted: Admitted | undefined
  try {
    admitted = await identified(context, text, request)
    const known = await readEntry(archive, admitted.id)
    if (known) return json(showSubmission({ ...known, state: 'accepted' }))
    await refuseOverQuota(archive.sql, admitted.submitter, admitted.payload.length, context.now())
    const missing = await archive.missingFiles(admitted.statement)
    if (missing.length > 0) return askForFiles(context, admitted, missing)
    const { entry, repeated } = await archive.take(admitted)
    metrics.add('harness_submissions_total', { result: repeated ? 'repeated' : 'accepted' })
    const location = { location: `/api/v1/submissions/${entry.id}`, 'cache-control': 'no-store' }
    return json(showSubmission({ ...entry, state: 'accepted' }), repeated ? 200 : 201, location)
  } catch (error) {
    if (error instanceof RefusedError) {
      metrics.add('harness_submissions_total', { result: `refused-${error.status}` })
      // Only what somebody known has signed is worth remembering.
      if (admitted) await rememberRejection(archive.sql, admitted, error, context.now())
    }
    throw error
  }
}

/** Checks the envelope by its signature, or by the token that came with it. */
async function identified({ archive, tokens }: ServeContext, text: string, request: Request): Promise<Admitted> {
  const token = /^Bearer (\S+)$/i.exec(request.header('authorization') ?? '')?.[1]
  if (token === undefined) return archive.admit(text)
  const payload = digestOf(payloadOf(text))
  return archive.admit(text, await tokens.identify(token, payload, archive.submitters))
}

function payloadOf(text: string): Buffer {
  try {
    return openEnvelope(text).payload
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new RefusedError(400, error.message, { cause: error })
  }
}

function askForFiles(
  { tickets, limits, now }: ServeContext,
  { submitter }: Admitted,
  missing: readonly { digest: string; bytes: number }[],
): Reply {
  const large = missing.find(({ bytes }) => bytes > limits.blobBytes)
  if (large)
    throw new RefusedError(413, `${large.digest} has ${large.bytes} bytes, and files have ${limits.blobBytes} at most`)
  return problem(409, `${missing.length} files are missing`, {
    hint: 'upload them with the ticket as bearer token, then send the submission again',
    missing: missing.map(({ digest }) => ({ digest, url: blobPath(digest) })),
    ticket: tickets.give(missing, submitter.id, now()),
  })
}

async function status({ archive }: ServeContext, { path }: { path: Readonly<Record<string, string>> }): Promise<Reply> {
  const { id = '' } = path
  const row = await findSubmission(archive, id)
  if (row) {
    const retractedBy = row.retractedBy.map((one) => ({ ...one, at: new Date(one.at).toISOString() }))
    return json({ ...showSubmission(row), retractedBy }, 200, { 'cache-control': 'no-cache' })
  }
  const rejection = await findRejection(archive.sql, id)
  if (rejection) {
    const at = new Date(rejection.at).toISOString()
    return json({ id, state: 'rejected', status: rejection.status, reason: rejection.reason, at }, 200, {
      'cache-control': 'no-cache',
    })
  }
  return problem(404, 'no such submission is known')
}

async function upload(
  context: ServeContext,
  { request, path }: { request: Request; path: Readonly<Record<string, string>> },
) {
  const digest = digestIn(path)
  const ticket = /^Bearer (\S+)$/i.exec(request.header('authorization') ?? '')?.[1]
  const most = context.tickets.allowed(ticket, digest, context.now())
  const bytes = await request.body(most)
  const fresh = await storeFile(context, digest, bytes)
  context.metrics.add('harness_uploads_total', { result: fresh ? 'new' : 'known' })
  return json({ digest, bytes: bytes.length }, fresh ? 201 : 200, { 'cache-control': 'no-store' })
}

async function storeFile({ archive }: ServeContext, digest: string, bytes: Buffer): Promise<boolean> {
  try {
    return await archive.blobs.put(digest, bytes)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new RefusedError(422, error.message, { cause: error })
  }
}

/** Logs are what guests wrote: they are text to be saved, whatever they look like. */
async function download(
  { archive }: ServeContext,
  { request, path }: { request: Request; path: Readonly<Record<string, string>> },
) {
  const digest = digestIn(path)
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename="${digest.slice(7, 19)}.txt"`,
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'public, max-age=31536000, immutable',
    etag: `"${digest.slice(7, 39)}"`,
    vary: 'accept-encoding',
  }
  const packed = /\bgzip\b/.test(request.header('accept-encoding') ?? '')
  const body = packed ? await archive.blobs.readCompressed(digest) : await archive.blobs.read(digest)
  if (body) return { status: 200, headers: { ...headers, ...(packed ? { 'content-encoding': 'gzip' } : {}) }, body }
  const gone = await archive.blobs.tombstone(digest)
  if (gone) return problem(410, `removed on ${gone.at.slice(0, 10)}: ${gone.reason}`, { tombstone: gone })
  return problem(404, 'no such file is here')
}

function digestIn({ hex = '' }: Readonly<Record<string, string>>): string {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new RefusedError(400, 'a digest has 64 hexadecimal digits')
  return `sha256:${hex}`
}
