import { LedgerFile } from './ledger-file.ts'
import { readLedgers } from './read-ledgers.ts'

/**
 * The ledger of a run: a new one, or that of a process that is gone, when it still tells of something.
 * @throws PrerequisiteError when it cannot be written, or its process still lives
 */
export async function openLedger(runId: string, part?: string): Promise<LedgerFile> {
  const known = (await readLedgers()).find((ledger) => ledger.runId === runId && ledger.part === part)
  if (known?.alive !== false) return await LedgerFile.create(runId, part)
  const open = known.open.map(({ intent }) => intent)
  return await LedgerFile.goOn(known.path, runId, part, open)
}
