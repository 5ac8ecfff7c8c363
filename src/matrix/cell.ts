import type { CellSummary } from '../results/event.ts'

/** Where the agent under test comes from. */
export type AgentSource =
  | { kind: 'none' }
  | { kind: 'release' }
  | { kind: 'package'; path: string }
  | { kind: 'repository'; line: string; key?: string }
  | { kind: 'suite'; suite: string }
  | { kind: 'command'; command: string }

/** One point of the matrix, ready to run. */
export interface Cell extends CellSummary {
  agentName: string
  agentSource: AgentSource
  /** Options of `openPlatform`, from the matrix. */
  platformOptions: Readonly<Record<string, unknown>>
  userData?: string
  /** Folders or files with extra checks of the user. */
  checks: string[]
  timeouts: { bootMs: number; checkMs: number; cellMs: number; cleanupMs: number }
  attempts: number
}
