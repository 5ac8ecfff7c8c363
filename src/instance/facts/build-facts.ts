import type { Phase } from '../../results/check-record.ts'
import { buildAccounts } from './build-accounts.ts'
import { buildAgent } from './build-agent.ts'
import { buildFiles } from './build-files.ts'
import { buildPackages } from './build-packages.ts'
import { buildSystem } from './build-system.ts'
import type { Builders } from './builders.ts'
import { Evidence } from './evidence.ts'
import type { FactFields, FactName, Facts, FactsMeta, SectionStatus } from './facts.ts'
import { parseFrames } from './parse-frames.ts'
import { sealFacts } from './seal-facts.ts'
import { UnknownFactError } from './unknown-fact.ts'

const BUILDERS: Builders<FactFields> = {
  ...buildSystem,
  ...buildAccounts,
  ...buildPackages,
  ...buildFiles,
  ...buildAgent,
}

/** When and how long the script ran. */
export interface Gathered {
  phase: Phase
  collectedAt: string
  durationMs: number
}

/** Facts from the output of the facts script. What cannot be known becomes an unknown field, never an empty one. */
export function buildFacts(output: string, { phase, collectedAt, durationMs }: Gathered): Facts {
  const frames = parseFrames(output)
  const evidence = new Evidence(frames)
  const unknown: FactsMeta['unknown'] = {}
  const fields: Partial<Record<FactName, unknown>> = {}
  for (const name of Object.keys(BUILDERS) as FactName[]) {
    try {
      fields[name] = BUILDERS[name](evidence)
    } catch (error) {
      if (!(error instanceof UnknownFactError)) throw error
      unknown[name] = frames.complete ? error.message : `${error.message} (the facts script did not reach its end)`
    }
  }
  const sections: Record<string, SectionStatus> = {}
  for (const [name, { exitCode, lines, truncated, stderr }] of frames.sections) {
    sections[name] = { exitCode, lines, truncated, ...(stderr === undefined ? {} : { stderr }) }
  }
  return sealFacts({ version: 1, phase, collectedAt, durationMs: Math.round(durationMs), sections, unknown, ...fields })
}
