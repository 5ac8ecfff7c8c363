import type { Phase } from '../../results/check-record.ts'
import type { AccountFacts } from './facts-accounts.ts'
import type { AgentFacts } from './facts-agent.ts'
import type { FileFacts } from './facts-files.ts'
import type { PackageFacts } from './facts-packages.ts'
import type { SystemFacts } from './facts-system.ts'

export type * from './facts-accounts.ts'
export type * from './facts-agent.ts'
export type * from './facts-files.ts'
export type * from './facts-packages.ts'
export type * from './facts-system.ts'

/** How one piece of evidence was obtained. Empty output and a failed command are different things. */
export interface SectionStatus {
  /** Exit status of the command: 127 means the command does not exist here, 124 that it was stopped after its time. */
  exitCode: number
  lines: number
  /** More output than the section may have; the end is missing. */
  truncated: boolean
  /** First line the command wrote to stderr. */
  stderr?: string
}

/** What is known of facts that could not be gathered: which, and why. */
export interface FactsMeta {
  version: 1
  phase: Phase
  /** ISO 8601, UTC. */
  collectedAt: string
  /** How long the script ran on the machine, in milliseconds. */
  durationMs: number
  sections: Record<string, SectionStatus>
  /** Fields that are not known, with the reason. Reading one of them throws `UnknownFactError`. */
  unknown: Partial<Record<FactName, string>>
}

/**
 * What one script saw of one machine in one phase. Plain data: it can be stored, compared and judged again years later.
 * A field whose evidence is missing throws `UnknownFactError` when it is read, so that no check passes on what nobody looked at;
 * ask `isKnown(facts, 'sshd')` first where that is not wanted.
 */
export type Facts = FactsMeta & FactFields
export type FactFields = SystemFacts & AccountFacts & PackageFacts & FileFacts & AgentFacts
export type FactName = keyof FactFields
