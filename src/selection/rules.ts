import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { ConfigError, type SourcePosition } from '../core/errors.ts'
import { AXES } from '../matrix/axes.ts'
import { readText } from '../matrix/load-matrix.ts'
import { nearest } from '../matrix/nearest.ts'
import { parseYaml, type Path } from '../matrix/yaml-source.ts'

const axisNames = z.array(z.string().min(1)).min(1)

const scope = {
  cells: z
    .union([
      z.enum(['all', 'none']),
      z
        .array(z.record(z.string(), z.string()).refine((values) => Object.keys(values).length > 0, 'names no axis'))
        .min(1),
    ])
    .describe('all, none, or cells whose axes have these values, as globs; any entry of the list selects.'),
  'one-per': axisNames.optional().describe('Of these cells one for every combination of the values of these axes.'),
  'each-of': axisNames.optional().describe('Of these cells as few as have every value of each of these axes.'),
  checks: z.array(z.string().min(1)).min(1).optional().describe('Globs over ids of checks. Default all.'),
}

const rule = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, 'use letters, digits, spaces and ._-')
    .describe('Told in reports.'),
  because: z.string().optional().describe('Why these cells and checks are enough.'),
  paths: z.array(z.string().min(1)).min(1).describe('Globs over paths of the project: *, **, {a,b}.'),
  ...scope,
})

/** Rules that say which part of a matrix a change of a project concerns. */
const changeRulesSchema = z
  .strictObject({
    $schema: z.string().optional(),
    project: z.string().min(1).describe('Name of the project the paths are of.'),
    rules: z.array(rule).describe('The first rule that matches a path decides about it.'),
    default: z
      .strictObject(scope)
      .describe('For paths no rule knows, and for rules that select no cell of the matrix.'),
    'always-checks': z.array(z.string().min(1)).optional().describe('Checks no rule leaves out, as globs over ids.'),
    'also-failing': z
      .boolean()
      .optional()
      .describe('Whether cells that did not pass the last time run whenever any cell does. Default true.'),
  })
  .describe('What a change of the agent concerns.')

export type ChangeRules = z.infer<typeof changeRulesSchema>
export type Scope = ChangeRules['default']

/** The rules for cloud-init that the harness brings along. */
export const CLOUD_INIT_RULES = fileURLToPath(new URL('cloud-init.yaml', import.meta.url))

/** Reads rules. @throws ConfigError with line and column */
export async function loadRules(file: string = CLOUD_INIT_RULES): Promise<ChangeRules> {
  return parseRules(await readText(file, 'give another file with --change-rules'), file)
}

/** Checks the text of rules; `file` is used in messages. @throws ConfigError with line and column */
export function parseRules(text: string, file: string): ChangeRules {
  const { value, positionOf } = parseYaml(text, file, changeRulesSchema)
  value.rules.forEach((scope, index) => refuseSlips(scope, ['rules', index], positionOf))
  refuseSlips(value.default, ['default'], positionOf)
  return value
}

/** Platforms may have axes of their own, so only a name that is nearly that of a known axis is a slip. */
function refuseSlips(scope: Scope, path: Path, positionOf: (path: Path) => SourcePosition): void {
  const named: [string, Path][] = []
  if (typeof scope.cells !== 'string')
    scope.cells.forEach((values, at) =>
      named.push(...Object.keys(values).map((axis): [string, Path] => [axis, [...path, 'cells', at, axis]])),
    )
  for (const key of ['one-per', 'each-of'] as const)
    scope[key]?.forEach((axis, at) => named.push([axis, [...path, key, at]]))
  for (const [axis, place] of named) {
    if (Object.hasOwn(AXES, axis)) continue
    const near = axis === 'distro' ? 'distribution' : nearest(axis, Object.keys(AXES))
    if (near) {
      throw new ConfigError(`"${axis}" is not an axis`, {
        position: positionOf(place),
        hint: `did you mean "${near}"?`,
      })
    }
  }
}
