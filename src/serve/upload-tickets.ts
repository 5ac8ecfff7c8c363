import { randomBytes } from 'node:crypto'
import { RefusedError } from '../archive/refused.ts'

interface Ticket {
  /** Bytes that may be uploaded, by digest. */
  files: Map<string, number>
  submitter: string
  until: number
}

const LIFE_MS = 3_600_000
const MOST_TICKETS = 5_000

/**
 * Permissions to upload files. One is given to whoever has shown a submission that is in order and names them, so that nobody else can
 * fill the disk, and nothing can be uploaded that no submission names.
 */
export class UploadTickets {
  readonly #tickets = new Map<string, Ticket>()

  give(files: readonly { digest: string; bytes: number }[], submitter: string, now: number): string {
    for (const [id, { until }] of this.#tickets) if (until < now) this.#tickets.delete(id)
    const [oldest] = this.#tickets.keys()
    if (this.#tickets.size >= MOST_TICKETS && oldest !== undefined) this.#tickets.delete(oldest)
    const id = randomBytes(32).toString('base64url')
    this.#tickets.set(id, {
      files: new Map(files.map(({ digest, bytes }) => [digest, bytes])),
      submitter,
      until: now + LIFE_MS,
    })
    return id
  }

  /** Bytes that a file may have. @throws RefusedError when the ticket is not for it */
  allowed(id: string | undefined, digest: string, now: number): number {
    const ticket = id === undefined ? undefined : this.#tickets.get(id)
    if (!ticket || ticket.until < now) {
      throw new RefusedError(401, 'this upload has no ticket that is valid', {
        hint: 'send the submission first: the answer has a ticket for the files that are missing',
      })
    }
    const bytes = ticket.files.get(digest)
    if (bytes === undefined) throw new RefusedError(403, `the submission does not name ${digest}`)
    return bytes
  }
}
