import { type FileHandle, mkdir, open as openFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PrerequisiteError } from '../core/errors.ts'
import { stateDir } from '../core/paths.ts'
import type { Intent, Ledger, LedgerEntry } from './ledger.ts'
import { withoutCredentials } from './option-credentials.ts'
import { identify, type ProcessIdentity } from './process-identity.ts'

/** One line of a ledger file. */
export type LedgerLine =
  | { type: 'owner'; version: 1; runId: string; part?: string; at: string; process: ProcessIdentity }
  /** Where to sign in again to remove things. */
  | { type: 'platform'; name: string; options: Readonly<Record<string, unknown>> }
  | { type: 'intent'; n: number; intent: Intent }
  | { type: 'created'; n: number; id: string }
  | { type: 'destroyed'; n: number }
  /** Nobody looks there any more for what was made before. */
  | { type: 'forgotten'; platform: string }
  /** Left for a person to look at: a run that is resumed does not remove it. */
  | { type: 'kept'; n: number }

/** Folder of all ledger files. */
export function ledgerDir(): string {
  return join(stateDir(), 'ledger')
}

/** Ledger of one run: a file of JSON lines, each synced to disk before the promise of its call resolves. */
export class LedgerFile implements Ledger {
  readonly runId: string
  readonly path: string
  readonly #file: FileHandle
  readonly #open = new Map<number, Intent>()
  #next = 1
  #waiting: string[] = []
  #flushing: Promise<void> | undefined

  private constructor(runId: string, path: string, file: FileHandle) {
    this.runId = runId
    this.path = path
    this.#file = file
  }

  /**
   * Begins the ledger of a run that this process owns.
   * @param part when the run belongs to several processes: a name for the part of this one
   * @throws PrerequisiteError when it cannot be written
   */
  static async create(runId: string, part?: string): Promise<LedgerFile> {
    const owner = ownerLine(runId, part)
    const path = join(ledgerDir(), `${part === undefined ? runId : `${runId}@${part}`}.jsonl`)
    try {
      await mkdir(ledgerDir(), { recursive: true, mode: 0o700 })
      const ledger = new LedgerFile(runId, path, await openFile(path, 'ax', 0o600))
      await ledger.#write(owner)
      await syncFolder(ledgerDir())
      return ledger
    } catch (error) {
      throw unwritable(path, error)
    }
  }

  /**
   * Goes on with the ledger of a process that is gone; what it had open stays open.
   * @throws PrerequisiteError when it cannot be written
   */
  static async goOn(
    path: string,
    runId: string,
    part: string | undefined,
    open: readonly Intent[],
  ): Promise<LedgerFile> {
    try {
      const ledger = new LedgerFile(runId, path, await openFile(path, 'a', 0o600))
      const lines = (await readFile(path, 'utf8')).split('\n')
      ledger.#next = lines.length + 1
      open.forEach((intent, index) => ledger.#open.set(-1 - index, intent))
      // The last line may be cut.
      if (lines.at(-1) !== '') await ledger.#file.appendFile('\n')
      await ledger.#write(ownerLine(runId, part))
      return ledger
    } catch (error) {
      throw unwritable(path, error)
    }
  }

  /** Remembers where things are about to be made. Credentials among the options are not written down. */
  async platform(name: string, options: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#write({ type: 'platform', name, options: withoutCredentials(options) })
  }

  async intend(intent: Intent): Promise<LedgerEntry> {
    const n = this.#next++
    this.#open.set(n, intent)
    await this.#write({ type: 'intent', n, intent })
    return {
      created: (id) => this.#write({ type: 'created', n, id }),
      destroyed: async () => {
        if (!this.#open.delete(n)) return
        // It is gone whether this can be written or not; a sweep finds nothing then and forgets it.
        await this.#write({ type: 'destroyed', n }).catch(() => undefined)
      },
    }
  }

  /** Marks what was made under a name as left for a person to look at. */
  async keep(name: string): Promise<void> {
    for (const [n, intent] of this.#open) if (intent.name === name) await this.#write({ type: 'kept', n })
  }

  /** What was intended and not yet destroyed. */
  get remaining(): Intent[] {
    return [...this.#open.values()]
  }

  /** Closes the file; one with nothing left to destroy is removed. */
  async close(): Promise<void> {
    await this.#flushing?.catch(() => {})
    await this.#file.close()
    if (this.#open.size === 0) await rm(this.path, { force: true })
  }

  /** Lines that wait for one another's sync share the next one. */
  async #write(line: LedgerLine): Promise<void> {
    this.#waiting.push(`${JSON.stringify(line)}\n`)
    // A flush in progress may have taken its lines before this one came.
    if (this.#flushing) await this.#flushing.catch(() => {})
    if (this.#waiting.length > 0) this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined))
    await this.#flushing
  }

  async #flush(): Promise<void> {
    const text = this.#waiting.join('')
    this.#waiting = []
    try {
      await this.#file.appendFile(text)
      await this.#file.datasync()
    } catch (error) {
      throw unwritable(this.path, error)
    }
  }
}

/** @throws PrerequisiteError where there is no /proc */
function ownerLine(runId: string, part: string | undefined): LedgerLine {
  const process = identify()
  if (!process)
    throw new PrerequisiteError('this process cannot see itself in /proc', { hint: 'mount -t proc proc /proc' })
  const at = new Date().toISOString()
  return { type: 'owner', version: 1, runId, ...(part === undefined ? {} : { part }), at, process }
}

function unwritable(path: string, error: unknown): PrerequisiteError {
  return new PrerequisiteError(`the ledger ${path} cannot be written: ${(error as Error).message}`, {
    hint: 'free some space, or set HARNESS_STATE_DIR to a folder that can be written',
    cause: error,
  })
}

async function syncFolder(path: string): Promise<void> {
  const folder = await openFile(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
