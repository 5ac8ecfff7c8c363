import { z } from 'zod'
import { AXES, type KnownAxis } from './axes.ts'
import { nearest } from './nearest.ts'
import { agentSchema, overridable, variable } from './settings-schema.ts'
import { spendingSettings } from './spending-settings.ts'

const NAME = '[A-Za-z0-9._][A-Za-z0-9._:@/+-]*'

const name = z
  .string()
  .regex(new RegExp(`^${NAME}$`), 'is not a name: use letters, digits and ._:@/+-')
  .describe('A name, for example debian-13.')

const values = z.array(name).min(1)
/** Sources of agents hold spaces. */
const texts = z.array(z.string().min(1)).min(1)

const changes = z
  .array(z.string().regex(new RegExp(`^[+-]?${NAME}$`), 'is not a name: use letters, digits and ._:@/+-'))
  .min(1)

const axis = (key: KnownAxis) => (key === 'agent' ? texts : values).optional().describe(AXES[key])
const axes = Object.fromEntries(Object.keys(AXES).map((key) => [key, axis(key as KnownAxis)]))

const pattern = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])
const patterns = Object.fromEntries(
  Object.keys(AXES).map((key) => [key, pattern.optional().describe('A value, with * and ? as wildcards, or several.')]),
)

const conditions = z
  .object(patterns)
  .catchall(pattern)
  .describe('Axes with values. All must match; * and ? stand for any text and any one character.')

/** A cell of its own gives its agent as a setting. */
const ofOneCell = Object.fromEntries(
  Object.keys(AXES).flatMap((key) =>
    key === 'agent' ? [] : [[key, name.optional().describe(AXES[key as KnownAxis])]],
  ),
)

const imageOverrides = z.strictObject({
  ...overridable,
  distribution: z.string().optional().describe('Default: the part of the name before the last hyphen.'),
  release: z.string().optional().describe('Default: the part of the name after the last hyphen.'),
})

const platformOverrides = z.strictObject({
  ...overridable,
  options: z.record(z.string(), z.unknown()).optional().describe('Options of the platform: socket, pool, project, ...'),
  axes: z
    .record(z.string(), changes)
    .optional()
    .describe('Values of axes on this platform. [+large, -micro] changes the list of the matrix.'),
  architectures: z.array(name).min(1).optional().describe('What this platform can run. Default as it says of itself.'),
})

const constraint = z
  .strictObject({
    name: z.string().min(1).optional().describe('Told with each cell it leaves out.'),
    when: conditions.describe('Which cells it is about.'),
    only: conditions.optional().describe('Such a cell must have these values.'),
    never: conditions.optional().describe('Such a cell must not have all of these values.'),
    reason: z.string().min(1).describe('Why; it is printed by plan and in every report.'),
  })
  .refine((rule) => (rule.only === undefined) !== (rule.never === undefined), 'give either only or never')

const coverage = z
  .strictObject({
    strength: z
      .union([z.enum(['all', 'each-value', 'pairwise']), z.int().min(1).max(6)])
      .optional()
      .describe('all combinations, each-value (1), pairwise (2), or of how many axes. Default all.'),
    groups: z
      .array(
        z.strictObject({
          axes: z.array(z.string()).min(1),
          strength: z.int().min(1).max(6).describe('1: each value of these axes is in some cell, no more.'),
        }),
      )
      .optional()
      .describe('Axes that are combined more, or less, than the rest.'),
    pin: z
      .array(z.record(z.string(), z.string()))
      .optional()
      .describe('Cells that must be there, by some of their values.'),
    seed: z.int().min(0).optional().describe('Another number gives another choice of equal worth. Default 1.'),
  })
  .describe('How many of the combinations become cells.')

/** An image has a name, or a distribution and a release that make one. */
function checkImageAxes(given: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const has = (key: KnownAxis) => given[key] !== undefined
  const refuse = (message: string) => context.addIssue({ code: 'custom', message })
  if (!has('image') && !has('distribution')) {
    const slip = Object.keys(given).find((key) => !Object.hasOwn(AXES, key) && nearest(key, ['image', 'distribution']))
    if (slip === undefined) return refuse('give either image, or distribution and release')
    const hint = `did you mean "${nearest(slip, ['image', 'distribution'])}"?`
    context.addIssue({ code: 'custom', message: `"${slip}" is not an axis`, path: [slip], params: { hint } })
  } else if (has('image') && has('distribution')) refuse('give either image, or distribution and release')
  else if (has('distribution') !== has('release')) refuse('distribution and release belong together')
  else if (has('image') && has('image-variant')) refuse('image-variant belongs to distribution and release')
}

/** `matrix.yaml`: what is tested where. The JSON schema for editors is generated from this. */
export const matrixSchema = z
  .strictObject({
    $schema: z.string().optional(),
    axes: z
      .object({ ...axes, platform: values.describe(AXES.platform) })
      .catchall(values)
      .superRefine(checkImageAxes)
      .describe(
        'Every combination of these is a cell, unless coverage says otherwise. Further axes are those a platform understands.',
      ),
    coverage: coverage.optional(),
    include: z
      .array(
        z
          .object({
            ...overridable,
            ...ofOneCell,
            platform: name,
            image: name,
          })
          .catchall(z.unknown()),
      )
      .optional()
      .describe('Further cells, each with its own settings.'),
    exclude: z
      .array(
        z
          .object({
            ...patterns,
            reason: z.string().min(1).describe('Why; it is printed by plan and in every report.'),
          })
          .catchall(pattern),
      )
      .optional()
      .describe('Cells not to run. Values may contain * and ?.'),
    constraints: z.array(constraint).optional().describe('What cannot be combined, or can only be combined so.'),
    defaults: z
      .array(z.strictObject({ for: conditions, ...overridable }))
      .optional()
      .describe('Settings of the cells that match; a later entry wins.'),
    agents: z.record(z.string(), agentSchema).optional().describe('Agents by names that the axis agent can use.'),
    variants: z
      .record(z.string(), z.strictObject(overridable))
      .optional()
      .describe('Settings by names that the axis variant can use.'),
    images: z.record(z.string(), imageOverrides).optional().describe('Settings per image.'),
    platforms: z.record(z.string(), platformOverrides).optional().describe('Settings per platform.'),
    ...overridable,
    ...spendingSettings,
    'from-environment': z
      .array(variable)
      .optional()
      .describe(
        'Environment variables that ${NAME} and ${NAME:-otherwise} may be replaced by. $${NAME} stays ${NAME}.',
      ),
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
/** Patterns of values by axis. */
export type Conditions = Readonly<Record<string, string | string[] | undefined>>
