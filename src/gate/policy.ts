import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { toMs } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import { parseYaml } from '../matrix/yaml-source.ts'
import { digestOf } from '../publish/digest.ts'

const glob = z.string().min(1).max(300)
const globs = z.union([glob, z.array(glob).min(1).max(100)]).transform((value) => [value].flat())
const text = z.string().min(1).max(200)

const duration = z
  .string()
  .refine((value) => {
    try {
      return toMs(value) > 0
    } catch {
      return false
    }
  }, 'is not a duration such as "14 days"')
  .transform((value) => toMs(value))

const submitters = z.strictObject({
  'any-of': z.array(text).min(1).max(100).optional().describe('Whose results count. Default everyone.'),
  'at-least': z.int().min(1).max(20).default(1).describe('How many of them must have judged it.'),
})

const common = {
  name: text.describe('What is wanted, for people.'),
  'max-age': duration.optional().describe('Older results count as missing, for example "14 days".'),
  submitters: submitters.default({ 'at-least': 1 }),
  severities: z
    .array(z.enum(['blocker', 'major', 'minor']))
    .min(1)
    .default(['blocker', 'major', 'minor'])
    .describe('Failures of other severities do not block.'),
  waivers: z
    .enum(['signed', 'any', 'none'])
    .default('signed')
    .describe('Which waivers excuse a failure: signed by somebody else, those of the run too, or none.'),
}

const requirement = z
  .strictObject({
    ...common,
    cells: z
      .record(text, globs)
      .refine((axes) => Object.keys(axes).length > 0, 'names no axis')
      .optional()
      .describe('Values of axes. Every combination must have a result.'),
    planned: z
      .literal('all')
      .optional()
      .describe('Every cell that a run of this image planned must have a result, also those nobody reported.'),
    checks: globs.default(['*']).describe('Each must have been judged at least once in each cell.'),
  })
  .refine((one) => (one.cells === undefined) !== (one.planned === undefined), 'name either cells or planned')

/** The format of a policy file. */
export const policySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not small letters, digits and dashes'),
  title: text.optional(),
  images: globs.describe('Names of images this policy is for.'),
  basis: z
    .array(z.enum(['stored', 'uploaded', 'reported']))
    .min(1)
    .default(['stored', 'uploaded'])
    .describe('How the digest of the image may have been found.'),
  'valid-since': z.iso.date().optional(),
  'valid-until': z.iso.date().optional(),
  require: z.array(requirement).min(1).max(100),
})

/** What must be known about an image before it may be published. */
export type Policy = z.infer<typeof policySchema>
export type Requirement = Policy['require'][number]

/** A policy and the digest of the bytes it was read from. */
export interface ReadPolicy {
  policy: Policy
  digest: string
  text: string
}

const MOST_COMBINATIONS = 5000

/** Reads a policy. @throws ConfigError with line and column */
export async function loadPolicy(file: string): Promise<ReadPolicy> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`cannot read the policy ${file}: ${(error as Error).message}`, { cause: error })
  })
  return parsePolicy(text, file)
}

/** Checks the text of a policy. @throws ConfigError with line and column */
export function parsePolicy(text: string, file: string): ReadPolicy {
  const { value, positionOf } = parseYaml(text, file, policySchema)
  const names = new Set<string>()
  value.require.forEach(({ name, cells = {} }, index) => {
    const combinations = Object.values(cells).reduce((product, values) => product * values.length, 1)
    if (combinations > MOST_COMBINATIONS) {
      throw new ConfigError(`"${name}" asks for ${combinations} combinations; ${MOST_COMBINATIONS} are the limit`, {
        position: positionOf(['require', index, 'cells']),
      })
    }
    if (names.has(name))
      throw new ConfigError(`"${name}" is required twice`, { position: positionOf(['require', index, 'name']) })
    names.add(name)
  })
  return { policy: value, digest: digestOf(text), text }
}
