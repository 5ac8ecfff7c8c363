import { CancelledError, ConfigError } from '../core/errors.ts'
import { digestOf } from './digest.ts'
import { seal } from './envelope.ts'
import { contentOf, type PublishedFile } from './files-of-cell.ts'
import type { Identity } from './identity.ts'
import { detailOf, type Answer, type ResultsClient } from './results-client.ts'

export interface Published {
  /** Digest of the payload. */
  id: string
  /** Its place in the log. */
  seq: number
  /** It was there before. */
  repeated: boolean
  /** Files that were sent now. */
  uploaded: number
}

/**
 * Sends one payload: the envelope first, then the files the server says it lacks, then the envelope again. Whatever is interrupted goes
 * on there when it is called again.
 * @throws ConfigError when the server refuses it
 */
export async function publishPayload(
  client: ResultsClient,
  payload: Uint8Array,
  files: ReadonlyMap<string, PublishedFile>,
  identity: Identity,
  onProgress: (line: string) => void = () => {},
): Promise<Published> {
  const id = digestOf(payload)
  const envelope = Buffer.from(JSON.stringify(seal(payload, identity.kind === 'key' ? [identity.key] : [])))
  const send = async () =>
    await client.send('POST', '/api/v1/submissions', envelope, {
      'content-type': 'application/json',
      ...(identity.kind === 'token'
        ? { authorization: `Bearer ${await identity.tokenFor(`${client.url}/${id}`)}` }
        : {}),
    })
  let uploaded = 0
  // A ticket may be forgotten while the files are on their way: then the next round gets a new one.
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const answer = await send()
    if (answer.status === 200 || answer.status === 201) {
      return { id, seq: Number(answer.body['seq']), repeated: answer.status === 200, uploaded }
    }
    const wanted = wantedFiles(answer)
    if (!wanted) throw refusal(client, answer)
    onProgress(`${wanted.digests.length} files to send`)
    uploaded += await upload(client, wanted, files)
  }
  throw new ConfigError(`${client.url} asks for files again and again`, { hint: 'ask its operator' })
}

const MOST_ROUNDS = 4
const AT_ONCE = 4

function wantedFiles({ status, body }: Answer): { ticket: string; digests: string[] } | undefined {
  const { ticket, missing } = body
  if (status !== 409 || typeof ticket !== 'string' || !Array.isArray(missing)) return undefined
  return { ticket, digests: missing.map((one: { digest?: unknown }) => String(one.digest)) }
}

async function upload(
  client: ResultsClient,
  { ticket, digests }: { ticket: string; digests: readonly string[] },
  files: ReadonlyMap<string, PublishedFile>,
): Promise<number> {
  const waiting = [...digests]
  let sent = 0
  const work = async () => {
    for (let digest = waiting.shift(); digest !== undefined; digest = waiting.shift()) {
      const file = files.get(digest)
      // A server must not be able to ask for anything but what was published.
      if (!file) throw new ConfigError(`${client.url} asks for ${digest}, which is none of these files`)
      const content = await contentOf(file.path, file.kind)
      if (!content || digestOf(content.bytes) !== digest)
        throw new ConfigError(`${file.path} changed while it was published`, { hint: 'publish the run again' })
      const path = `/api/v1/blobs/sha256/${digest.slice('sha256:'.length)}`
      const answer = await client.send('PUT', path, content.bytes, { authorization: `Bearer ${ticket}` })
      if (answer.status === 401) return
      if (answer.status !== 200 && answer.status !== 201) throw refusal(client, answer)
      sent++
    }
  }
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, work))
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  if (failed.length > 0) throw failed.find((error) => error instanceof CancelledError) ?? failed[0]
  return sent
}

function refusal(client: ResultsClient, answer: Answer): ConfigError {
  const { hint } = answer.body
  return new ConfigError(`${client.url} refuses it (${answer.status}): ${detailOf(answer)}`, {
    ...(typeof hint === 'string' ? { hint } : {}),
  })
}
