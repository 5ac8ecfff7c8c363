import { z } from 'zod'
import { toMs } from '../core/duration.ts'
import { parseAgentSource } from './agent-source.ts'

const duration = z
  .string()
  .superRefine((text, context) => refuse(context, () => toMs(text)))
  .describe('A number and a unit, for example "90 seconds" or "5 minutes".')

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@/+-]*$/, 'is not a name: use letters, digits and ._:@/+-')
  .describe('A name, for example debian-13.')

const names = z.array(name).min(1)

const suite = z.enum(['policy', 'regression', 'logs'])

const agent = z
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

const overridable = {
  agent: agent.optional(),
  suites: z.array(suite).optional().describe('Suites to judge by. Default all of them; [] only prepares and collects.'),
  checks: z
    .array(z.string().min(1))
    .optional()
    .describe('Extra checks of yours: TypeScript files, executables, or folders of both.'),
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
  'user-data': z.string().optional().describe('User data every machine of the cell is launched with.'),
}

const imageOverrides = z.strictObject({
  ...overridable,
  distribution: z.string().optional().describe('Default: the part of the name before the last hyphen.'),
  release: z.string().optional().describe('Default: the part of the name after the last hyphen.'),
})

const platformOverrides = z.strictObject({
  ...overridable,
  options: z.record(z.string(), z.unknown()).optional().describe('Options of the platform: socket, pool, project, ...'),
})

/** `matrix.yaml`: what is tested where. The JSON schema for editors is generated from this. */
export const matrixSchema = z
  .strictObject({
    $schema: z.string().optional(),
    axes: z
      .strictObject({
        platform: names.describe('Platforms, for example lxd.'),
        image: names.describe('Images, for example debian-13.'),
        'instance-type': names.optional().describe('Default: the one named default.'),
        boot: names.optional().describe('container, uefi, bios. Default: the first the platform offers.'),
      })
      .describe('Every combination of these is a cell.'),
    include: z
      .array(
        z.strictObject({
          ...overridable,
          platform: name,
          image: name,
          'instance-type': name.optional(),
          boot: name.optional(),
        }),
      )
      .optional()
      .describe('Further cells, each with its own settings.'),
    exclude: z
      .array(
        z.strictObject({
          platform: z.string().optional(),
          image: z.string().optional(),
          'instance-type': z.string().optional(),
          boot: z.string().optional(),
          reason: z.string().min(1).describe('Why; it is printed by plan and in every report.'),
        }),
      )
      .optional()
      .describe('Cells not to run. Values may contain * and ?.'),
    images: z.record(z.string(), imageOverrides).optional().describe('Settings per image.'),
    platforms: z.record(z.string(), platformOverrides).optional().describe('Settings per platform.'),
    ...overridable,
    flaky: z
      .enum(['allow', 'block'])
      .optional()
      .describe('Whether a cell that passes only when judged again makes the run fail. Default allow.'),
    concurrency: z.int().min(1).max(500).optional().describe('Cells at the same time. Default 2.'),
  })
  .describe('What the harness tests where.')

export type Matrix = z.infer<typeof matrixSchema>
/** Settings that can be given for everything, a platform, an image or one cell; the nearest wins. */
export type Settings = Pick<Matrix, keyof typeof overridable>

function refuse(context: z.RefinementCtx, parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
    context.addIssue({ code: 'custom', message: (error as Error).message, params: hint === undefined ? {} : { hint } })
  }
}
