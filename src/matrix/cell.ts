import type { SourcePosition } from '../core/errors.ts'
import type { CellSummary } from '../results/event.ts'
import type { Tier } from './tier.ts'

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
  /** What the platform is asked for: an alias, `remote:ALIAS`, or the absolute path of a recipe. Default the name of the image. */
  imageReference?: string
  /** As Debian spells it: `amd64`, `arm64`. Default what the platform runs. */
  architecture?: string
  /** Empty disks every machine has from its first boot on. */
  disks?: readonly { sizeGiB: number }[]
  /** Network cards beyond the usual one, from the first boot on. */
  nics?: number
  /** Values of axes that only the platform understands, for `extra` of a launch request. */
  extra?: Readonly<Record<string, string>>
  /** Set while executables judge and while a `command:` brings the agent. */
  environment?: Readonly<Record<string, string>>
  /** Folders or files with extra checks of the user. */
  checks: string[]
  timeouts: {
    bootMs: number
    checkMs: number
    cellMs: number
    cleanupMs: number
    /** How many times longer than on usual hardware things take; what checks ask for is multiplied by it. Default 1. */
    pace?: number
  }
  /** Most attempts when host or platform fail. */
  attempts: number
  /** Most attempts when checks do not hold. Default 1. */
  testAttempts?: number
  /** How much is judged. Default everything. */
  tier?: Tier
  /** Set when the matrix or a change of the agent selected only some checks. */
  onlyChecks?: OnlyChecks
  /** Where the matrix says each of these, in their order. */
  onlyChecksAt?: readonly SourcePosition[]
}

/** Checks that matter for a change; the others are not selected, by this rule. */
export interface OnlyChecks {
  /** Globs over ids; those with a minus before them leave checks out. */
  globs: readonly string[]
  by: string
}
