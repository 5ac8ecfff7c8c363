import { z } from 'zod'
import { ConfigError } from '../../core/errors.ts'
import type { FactName, Facts, FactsMeta } from './facts.ts'
import { FACT_NAMES, sealFacts } from './seal-facts.ts'

const PHASES = ['rest', 'first-boot', 'after-reboot', 'pair', 'outside'] as const

const META = z.looseObject({
  version: z.literal(1),
  phase: z.enum(PHASES),
  collectedAt: z.string(),
  durationMs: z.number(),
  sections: z.record(z.string(), z.looseObject({ exitCode: z.number() })),
  unknown: z.record(z.string(), z.string()),
})

const LISTS: ReadonlySet<FactName> = new Set(
  FACT_NAMES.filter((name) =>
    /^(accounts|groups|packages|units|mounts|fstab|repositories|setuid|hostKeys|listeners)$/.test(name),
  ),
)

/**
 * Facts from the text of a facts file. `file` is named in messages.
 * @throws ConfigError when it is not JSON, not facts, or of a version this harness does not know.
 */
export function readFacts(text: string, file = 'facts.json'): Facts {
  const position = { file }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ConfigError('this is not JSON', {
      position,
      cause: error,
      hint: 'give a facts file, for example reports/RUN/cells/CELL/facts/image-first-boot.json',
    })
  }
  const parsed = META.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.join('.') || 'the top level'
    throw new ConfigError(`this is not a facts file: ${where}: ${issue?.message ?? 'wrong shape'}`, {
      position,
      hint: 'facts files are written by `harness run` below reports/RUN/cells/CELL/facts/',
    })
  }
  const data = parsed.data as unknown
  const facts = data as FactsMeta & Partial<Record<FactName, unknown>>
  for (const name of LISTS) {
    if (facts[name] !== undefined && !Array.isArray(facts[name]))
      throw new ConfigError(`this is not a facts file: ${name} is not a list`, { position })
  }
  return sealFacts(facts)
}
