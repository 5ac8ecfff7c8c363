import type { Owner, ResourceKind } from './platform.ts'

export interface Intent {
  platform: string
  kind: ResourceKind
  /** The deterministic name, known before the create call. */
  name: string
  owner: Owner
}

/**
 * What was created and not yet destroyed. An intent is on disk, synced, before the create call is made,
 * so a killed process leaves a trace of everything it may have made.
 */
export interface Ledger {
  intend(intent: Intent): Promise<LedgerEntry>
}

export interface LedgerEntry {
  created(id: string): Promise<void>
  destroyed(): Promise<void>
}
