import { readFile } from 'node:fs/promises'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { LineMatcher } from './line-matcher.ts'
import type { LogRule } from './rule.ts'
import { inVersionRange } from './version-range.ts'

const texts = z.array(z.string().min(1).max(500)).max(50)
const schema = z.array(
  z.strictObject({
    id: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens'),
    severity: z.enum(['critical', 'error', 'warn', 'info', 'allow']),
    means: z.string().min(1),
    pattern: z.string().min(1).max(500),
    where: z.array(z.enum(['cloud-init.log', 'cloud-init-output.log', 'journal', 'console', 'ds-identify'])).optional(),
    scope: z
      .strictObject({
        platforms: texts.optional(),
        distributions: texts.optional(),
        init: texts.optional(),
        datasources: texts.optional(),
        container: z.boolean().optional(),
      })
      .optional(),
    versions: z.string().optional(),
    source: z.string().min(1),
    general: z.union([z.literal(1), z.literal(2), z.literal(3)]).optional(),
    hits: texts.min(1),
    misses: texts.min(1),
    reason: z.string().min(1).optional(),
    until: z.iso.date().optional(),
    stale: z.string().optional(),
  }),
)

/**
 * Reads log rules of the user: a YAML list with the fields of `LogRule`. Each rule must find its `hits` and none of its `misses`,
 * and each `allow` rule must say its `reason`.
 * @throws ConfigError with file and line.
 */
export async function readLogRules(file: string): Promise<LogRule[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read the log rules ${file}: ${(error as Error).message}`, { cause: error })
  }
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  const at = (offset: number | undefined) => {
    const place = offset === undefined ? undefined : counter.linePos(offset)
    return { position: { file, ...(place ? { line: place.line, column: place.col } : {}) } }
  }
  const [broken] = document.errors
  if (broken) throw new ConfigError(broken.message, at(broken.pos[0]))
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 20 }) ?? [])
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = (issue?.path ?? []) as (string | number)[]
    throw new ConfigError(
      `${path.join('.') || 'log rules'}: ${issue?.message ?? 'not valid'}`,
      at(offsetOf(document, path)),
    )
  }
  const rules = parsed.data as LogRule[]
  for (const [index, rule] of rules.entries()) {
    const complaint = faultOf(rule)
    if (complaint) throw new ConfigError(`log rule "${rule.id}": ${complaint}`, at(offsetOf(document, [index])))
  }
  return rules
}

/** Why a rule cannot be trusted, or undefined. */
export function faultOf(rule: LogRule): string | undefined {
  try {
    if (rule.versions !== undefined) inVersionRange('1.0', rule.versions)
    const matcher = new LineMatcher([rule.pattern])
    const missed = rule.hits.find((sample) => matcher.match(sample).length === 0)
    if (missed !== undefined) return `the pattern does not find its sample ${JSON.stringify(missed)}`
    const wrong = rule.misses.find((sample) => matcher.match(sample).length > 0)
    if (wrong !== undefined) return `the pattern finds ${JSON.stringify(wrong)}, which it must not`
    if (matcher.match('').length > 0) return 'the pattern finds an empty line'
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  if (rule.severity === 'allow' && rule.reason === undefined) return 'an allow rule needs a reason'
  return undefined
}

function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) return node.range[0]
  }
  return undefined
}
