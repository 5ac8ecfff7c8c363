import { z } from 'zod'
import { toMs } from '../core/duration.ts'
import { parseAgentSource } from './agent-source.ts'
import { TIERS } from './tier.ts'

const duration = z
  .string()
  .superRefine((text, context) => refuse(context, () => toMs(text)))
  .describe('A number and a unit, for example "90 seconds" or "5 minutes".')

const SUITES = ['policy', 'regression', 'logs'] as const

const suite = z.enum([
  ...SUITES,
  ...SUITES.map((name) => `+${name}` as const),
  ...SUITES.map((name) => `-${name}` as const),
])

/** The agent under test and where its candidate version comes from. */
export const agentSchema = z
  .strictObject({
    name: z.string().min(1).optional().describe('The agent under test. Default cloud-init.'),
    source: z
      .string()
      .superRefine((text, context) => refuse(context, () => parseAgentSource(text)))
      .optional()
      .describe(
        'Where the agent under test comes from: none, release, suite:NAME, package:./FILE, repository:LINE [key=FILE], command:TEXT. Default release.',
      ),
  })
  .describe('The agent under test and where its candidate version comes from.')

const timeouts = z
  .strictObject({
    boot: duration.optional().describe('Longest boot until the agent is done. Default "5 minutes".'),
    check: duration.optional().describe('Longest single check that does not name its own. Default "2 minutes".'),
    cell: duration.optional().describe('Longest cell, without its teardown. Default "30 minutes".'),
    cleanup: duration.optional().describe('Longest teardown of a cell. Default "2 minutes".'),
  })
  .describe('Deadlines.')

/** Name of an environment variable. */
export const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable: use letters, digits and _')

/** Settings that can be given at every level; the nearest wins. */
export const overridable = {
  agent: agentSchema.optional(),
  suites: z
    .array(suite)
    .optional()
    .describe(
      'Suites to judge by. Default all of them; [] only prepares and collects. [+policy, -logs] changes what the level above says.',
    ),
  checks: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Extra checks of yours: TypeScript files, executables, or folders of both. All levels are added up; -PATH takes one away.',
    ),
  timeouts: timeouts.optional(),
  attempts: z
    .int()
    .min(1)
    .max(5)
    .optional()
    .describe('Tries on a fresh machine when the infrastructure fails. Default 2.'),
  'test-attempts': z
    .int()
    .min(1)
    .max(5)
    .optional()
    .describe('Tries on a fresh machine when checks do not hold; what then passes is flaky. Default 1.'),
  'only-checks': z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Ids of the checks to judge by, with * and ? as wildcards; -ID leaves one out. Default all.'),
  tier: z
    .enum(TIERS)
    .optional()
    .describe('How much is judged. Default full on the first instance type of each family, smoke on the others.'),
  'user-data': z.string().optional().describe('User data every machine of the cell is launched with.'),
  environment: z
    .record(variable, z.string())
    .optional()
    .describe('Variables of executables that judge and of `command:` sources. All levels are added up.'),
  from: z
    .string()
    .min(1)
    .optional()
    .describe('What the platform is asked for instead of the name of the image: an alias, remote:ALIAS, ./image.yaml.'),
}

/** Adds what `parse` throws as an issue of the value. */
function refuse(context: z.RefinementCtx, parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
    context.addIssue({ code: 'custom', message: (error as Error).message, params: hint === undefined ? {} : { hint } })
  }
}
