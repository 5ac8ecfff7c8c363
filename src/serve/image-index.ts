import type { Archive } from '../archive/archive.ts'
import { newestOfCells } from '../archive/read/cells.ts'
import { listDecisions } from '../archive/read/decisions.ts'
import { findImage, listImages } from '../archive/read/images.ts'
import { everyItem } from '../archive/read/page.ts'
import { listApprovals } from '../archive/read/people.ts'
import { archiveHead } from '../archive/read/submissions.ts'
import { seal, type Envelope } from '../publish/envelope.ts'

/** What the index of images is, inside its envelope. */
export const IMAGE_INDEX_TYPE = 'application/vnd.harness.images+json'

const MOST_IMAGES = 2_000

/**
 * All images with what platforms call them, how their cells did, what was decided and who approved them, newest first. Equal archives give equal bytes,
 * so the signature is over what everybody sees.
 */
export async function imageIndex(archive: Archive, publicUrl: string): Promise<string> {
  const { seq, hash, receivedAt } = await archiveHead(archive)
  const images: object[] = []
  for await (const { builtAt, ...image } of everyItem((request) => listImages(archive, request))) {
    if (images.length >= MOST_IMAGES) break
    const { refs } = await findImage(archive, image.digest)
    const results = await newestOfCells(archive, { image: image.name, digest: image.digest })
    const approvals = await listApprovals(archive, { digest: image.digest })
    const decisions = await listDecisions(archive, { digest: image.digest })
    const counts: Record<string, number> = {}
    for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1
    images.push({
      ...image,
      builtAt: new Date(builtAt).toISOString(),
      refs: refs
        .filter(({ name }) => name === image.name)
        .map(({ platform, region, ref }) => ({ platform, region, id: ref })),
      cells: counts,
      decisions: decisions.items
        .filter(({ state }) => state === 'accepted')
        .map(({ id, verdict, policy, at }) => ({ id, verdict, policy, at: new Date(at).toISOString() })),
      approvals: approvals.items
        .filter(({ state }) => state === 'accepted')
        .map(({ decision, verdict, approver, at }) => ({
          decision,
          verdict,
          approver,
          at: new Date(at).toISOString(),
        })),
      page: `${publicUrl}/image/${image.digest.replace(':', '-')}/`,
    })
  }
  const head = { seq, hash, receivedAt: new Date(receivedAt).toISOString() }
  return `${JSON.stringify({ version: '1.0', head, images })}\n`
}

/** The index in an envelope that the archive signed: nobody can swap an id in it. */
export function signIndex(archive: Archive, text: string): Envelope<typeof IMAGE_INDEX_TYPE> {
  return seal(Buffer.from(text), [archive.key], IMAGE_INDEX_TYPE)
}
