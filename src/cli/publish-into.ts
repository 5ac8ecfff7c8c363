import { ConfigError } from '../core/errors.ts'
import type { Archive } from '../archive/index.ts'
import { contentOf, digestOf, seal, type Identity, type Published, type PublishedFile } from '../publish/index.ts'
import { note } from './output.ts'

/** What is to be brought somewhere. */
export interface ToPublish {
  payloads: readonly Buffer[]
  /** What they name, by digest. */
  files: ReadonlyMap<string, PublishedFile>
}

/** Brings payloads to a server, or into an archive on this host. @throws ConfigError when they are refused */
export async function publishTo(
  to: string,
  made: ToPublish,
  identity: Identity,
  signal: AbortSignal,
): Promise<Published[]> {
  if (!/^https?:\/\//.test(to)) {
    const { Archive } = await import('../archive/index.ts')
    await using archive = await Archive.open({ folder: to })
    return await publishInto(archive, made, identity)
  }
  const { publishPayload, ResultsClient } = await import('../publish/index.ts')
  const client = new ResultsClient(to, { signal, onWait: note })
  const all: Published[] = []
  for (const payload of made.payloads) all.push(await publishPayload(client, payload, made.files, identity, note))
  return all
}

/** Publishes into an archive on this host, by the same checks a server makes. */
async function publishInto(archive: Archive, made: ToPublish, identity: Identity): Promise<Published[]> {
  if (identity.kind !== 'key')
    throw new ConfigError('a folder knows submitters by their keys', { hint: 'give --key FILE' })
  const all: Published[] = []
  for (const payload of made.payloads) {
    const admitted = archive.admit(JSON.stringify(seal(payload, [identity.key])))
    let uploaded = 0
    for (const { digest } of await archive.missingFiles(admitted.statement)) {
      const file = made.files.get(digest)
      const content = file && (await contentOf(file.path, file.kind))
      if (!content) throw new ConfigError(`${file?.path ?? digest} cannot be read`)
      if (await archive.blobs.put(digest, content.bytes)) uploaded++
    }
    const { entry, repeated } = await archive.take(admitted)
    all.push({ id: digestOf(payload), seq: entry.seq, repeated, uploaded })
  }
  return all
}
