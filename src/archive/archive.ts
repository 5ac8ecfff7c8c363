import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { plural } from '../core/text.ts'
import { holdName } from '../core/process-lock.ts'
import { readKey, type SigningKey } from '../publish/keys.ts'
import { PREDICATES, readStatement, type Statement } from '../publish/statement.ts'
import { admit, type Admitted, type TokenIdentity } from './admit.ts'
import { BlobStore } from './blobs.ts'
import { openDatabase } from './database/open-database.ts'
import { oneAtATime, type Sql } from './database/sql.ts'
import { Entrance, type Accepted } from './entrance.ts'
import { ImageFolder } from './image-files.ts'
import { LogFiles } from './log-files.ts'
import type { ReadArchive } from './read/page.ts'
import { archiveHead, readEntry } from './read/submissions.ts'
import { PLACES } from './places.ts'
import { RefusedError } from './refused.ts'
import { Spool, type Spooled } from './spool.ts'
import { loadSubmitters, type Submitter } from './submitters.ts'
import { syncSubmitters } from './sync-submitters.ts'

export interface ArchiveOptions {
  /** Folder that holds everything but a database in PostgreSQL. */
  folder: string
  /** Default `archive.db` in the folder; or a `postgresql://` URL. */
  database?: string
  /** Milliseconds; for tests. */
  now?: () => number
}

/** All that was ever submitted, and a database to ask about it. One process at a time writes. */
export class Archive implements ReadArchive, AsyncDisposable {
  readonly sql: Sql
  readonly blobs: BlobStore
  readonly logFiles: LogFiles
  readonly images: ImageFolder
  readonly key: SigningKey
  readonly folder: string
  readonly spool: Spool
  readonly #now: () => number
  readonly #serialize = oneAtATime()
  readonly #lock: AsyncDisposable
  readonly #entrance: Entrance
  #submitters: readonly Submitter[] = []

  private constructor(parts: { sql: Sql; key: SigningKey; folder: string; now: () => number; lock: AsyncDisposable }) {
    this.sql = parts.sql
    this.key = parts.key
    this.folder = parts.folder
    this.blobs = new BlobStore(join(parts.folder, PLACES.blobs))
    this.logFiles = new LogFiles(join(parts.folder, PLACES.log))
    this.spool = new Spool(join(parts.folder, PLACES.spool))
    this.images = new ImageFolder(join(parts.folder, PLACES.images))
    this.#now = parts.now
    this.#lock = parts.lock
    this.#entrance = new Entrance(this, (id) => this.#submitters.find((one) => one.id === id), this.#serialize)
  }

  /**
   * Opens an archive, and ends what a process that was killed had begun.
   * @throws ConfigError without a key or when another process has it, PrerequisiteError when the database cannot be used
   */
  static async open({ folder, database, now = Date.now }: ArchiveOptions): Promise<Archive> {
    const key = await readKey(join(folder, PLACES.key), `make an archive: harness archive init ${folder}`)
    await mkdir(folder, { recursive: true })
    // The same folder has many names.
    const lock = await holdName(`archive ${await realpath(folder)}`)
    if (!lock) throw new ConfigError(`another process uses the archive in ${folder}`, { hint: 'one writes at a time' })
    try {
      const sql = await openDatabase(database ?? join(folder, PLACES.database))
      try {
        const archive = new Archive({ sql, key, folder, now, lock })
        await archive.loadSubmitters()
        await archive.#recover()
        return archive
      } catch (error) {
        await sql[Symbol.asyncDispose]()
        throw error
      }
    } catch (error) {
      await lock[Symbol.asyncDispose]()
      throw error
    }
  }

  get submitters(): readonly Submitter[] {
    return this.#submitters
  }

  /** Reads the registrations again. @throws ConfigError; then the former ones stay */
  async loadSubmitters(): Promise<void> {
    const submitters = await loadSubmitters(join(this.folder, PLACES.submitters), this.#now())
    await syncSubmitters(this.sql, submitters)
    this.#submitters = submitters
  }

  /** Checks an envelope, and writes nothing. @throws RefusedError */
  admit(text: string, identity?: TokenIdentity): Admitted {
    return admit(text, this.#submitters, { now: this.#now(), ...(identity ? { identity } : {}) })
  }

  /**
   * Takes an envelope: checks it, keeps it on disk, then enters it into the log and the database in one transaction.
   * The same payload again changes nothing and gives the first answer.
   * @throws RefusedError
   */
  async accept(text: string, identity?: TokenIdentity): Promise<Accepted> {
    return await this.take(this.admit(text, identity))
  }

  /** `accept` for what has been checked. @throws RefusedError */
  async take({ id, envelope, submitter, credential, statement }: Admitted): Promise<Accepted> {
    const known = await readEntry(this, id)
    if (known) return { entry: known, repeated: true }
    const missing = await this.missingFiles(statement)
    if (missing.length > 0) {
      throw new RefusedError(409, `${missing.length} files are not here, the first is ${missing[0]?.digest}`, {
        hint: 'upload the files first',
      })
    }
    const { issuer, claims } = credential
    const spooled: Spooled = {
      id,
      submitter: submitter.id,
      credential: credential.id,
      receivedAt: this.#now(),
      envelope,
      ...(issuer === undefined ? {} : { identity: { issuer, ...claims } }),
    }
    await this.spool.put(spooled)
    return await this.#entrance.enter(spooled, statement)
  }

  /** Files that a statement names and that were never here, with the sizes it tells. */
  async missingFiles(statement: Statement): Promise<{ digest: string; bytes: number }[]> {
    if (statement.predicateType !== PREDICATES.results) return []
    const named = new Map(
      statement.predicate.cells.flatMap(({ files }) => files.map((file) => [file.digest, file.bytes])),
    )
    const missing: { digest: string; bytes: number }[] = []
    for (const [digest, bytes] of named)
      if (!(await this.blobs.has(digest)) && !(await this.blobs.tombstone(digest))) missing.push({ digest, bytes })
    return missing
  }

  /** Runs work while no submission is entered. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    return await this.#serialize(work)
  }

  async #recover(): Promise<void> {
    await this.logFiles.recover(async (seq, id) => (await readEntry(this, id))?.seq === seq)
    const [last, { seq }] = [await this.logFiles.last(), await archiveHead(this)]
    if (last !== seq) {
      throw new ConfigError(
        `the log has ${plural(last, 'submission')}, and the database ${this.sql.shownUrl} knows ${seq}`,
        {
          hint:
            last > seq
              ? `make the database anew: harness archive rebuild ${this.folder} --database NEW, then use it`
              : 'bring the files of the log back from a backup',
        },
      )
    }
    for (const spooled of await this.spool.left()) {
      const statement = readStatement(Buffer.from(spooled.envelope.payload, 'base64'))
      try {
        await this.#entrance.enter(spooled, statement)
      } catch (error) {
        // It was told nothing yet; who sends it again learns why.
        if (!(error instanceof RefusedError)) throw error
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#serialize(async () => {})
    await this.sql[Symbol.asyncDispose]()
    await this.#lock[Symbol.asyncDispose]()
  }
}
