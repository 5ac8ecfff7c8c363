import { LedgerFile } from './ledger-file.ts'
import type { Intent, Ledger, LedgerEntry } from './ledger.ts'

/** The ledger of a session whose opener keeps none: its file begins with the first thing made and goes with the last. */
export class OwnLedger implements Ledger {
  readonly #begin: () => Promise<LedgerFile>
  #file: Promise<LedgerFile> | undefined

  constructor(runId: string, platform: string, options: Readonly<Record<string, unknown>>) {
    this.#begin = async () => {
      const file = await LedgerFile.create(runId)
      await file.platform(platform, options)
      return file
    }
  }

  async intend(intent: Intent): Promise<LedgerEntry> {
    this.#file ??= this.#begin()
    return await (await this.#file).intend(intent)
  }

  /** Removes the file when nothing of it is left; else `harness sweep` will read it. */
  async close(): Promise<void> {
    await (await this.#file)?.close()
    this.#file = undefined
  }
}
