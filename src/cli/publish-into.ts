import { ConfigError } from '../core/errors.ts'
import type { Archive } from '../archive/index.ts'
import { contentOf, digestOf, seal, type Identity, type Published, type RunToPublish } from '../publish/index.ts'

/** Publishes into an archive on this host, by the same checks a server makes. @throws RefusedError */
export async function publishInto(archive: Archive, run: RunToPublish, identity: Identity): Promise<Published[]> {
  if (identity.kind !== 'key')
    throw new ConfigError('a folder knows submitters by their keys', { hint: 'give --key FILE' })
  let uploaded = 0
  const all: Published[] = []
  for (const payload of run.payloads) {
    const envelope = JSON.stringify(seal(payload, [identity.key]))
    const admitted = archive.admit(envelope)
    for (const { digest } of await archive.missingFiles(admitted.statement)) {
      const file = run.files.get(digest)
      const content = file && (await contentOf(file.path, file.kind))
      if (!content) throw new ConfigError(`${file?.path ?? digest} cannot be read`)
      if (await archive.blobs.put(digest, content.bytes)) uploaded++
    }
    const { entry, repeated } = await archive.take(admitted)
    all.push({ id: digestOf(payload), seq: entry.seq, repeated, uploaded })
  }
  return all
}
