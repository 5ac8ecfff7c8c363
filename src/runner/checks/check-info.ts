import { z } from 'zod'
import { ConfigError } from '../../core/errors.ts'
import type { Capability } from '../../instance/machine.ts'
import { nearest } from '../../matrix/nearest.ts'
import { platforms } from '../../platforms/registry.gen.ts'
import type { Phase } from '../../results/check-record.ts'
import type { Applicability, Check, PolicyInfo, RegressionInfo } from '../../testing/check.ts'

const CAPABILITIES = names({
  'exec-without-network': true,
  ssh: true,
  console: true,
  reboot: true,
  'stop-start': true,
  'force-stop': true,
  snapshot: true,
  'warm-start': true,
  'user-data': true,
  'vendor-data': true,
  'network-config': true,
  'extra-disk': true,
  'extra-nic': true,
  ipv6: true,
  'at-rest': true,
  'own-kernel': true,
  'image-import': true,
  'cloud-identity': true,
} satisfies Record<Capability, true>)

const PHASES = names({
  rest: true,
  'first-boot': true,
  'after-reboot': true,
  pair: true,
  outside: true,
} satisfies Record<Phase, true>)

const text = z.string().trim().min(1, 'is empty')
const phase = z.enum(PHASES)
const platformNames = z.array(z.enum(names(platforms))).optional()

const applies = z.object({
  platforms: platformNames,
  notPlatforms: platformNames,
  distributions: z.array(text).optional(),
  ownKernel: z.boolean().optional(),
  init: z.array(z.enum(['systemd', 'openrc', 'sysvinit', 'rc'])).optional(),
  capabilities: z.array(z.enum(CAPABILITIES)).optional(),
  axes: z.record(z.string(), z.string()).optional(),
  identities: z.union([z.literal('any'), z.array(text)]).optional(),
} satisfies Record<keyof Applicability, z.ZodType>)

const info = {
  title: text,
  because: text,
  source: text,
  severity: z.enum(['blocker', 'major', 'minor']),
  policies: z.array(text).optional(),
  fix: z.string().optional(),
  tier: z.enum(['smoke', 'standard', 'full']).optional(),
  applies: applies.optional(),
}

const policyInfo = z.object({
  ...info,
  phase: z.union([phase, z.array(phase).min(1)]),
} satisfies Record<keyof PolicyInfo, z.ZodType>)

const regressionInfo = z.object({
  ...info,
  instance: z.enum(['shared', 'own']).optional(),
  userData: z.string().optional(),
  vendorData: z.string().optional(),
  networkConfig: z.string().optional(),
  cloud: z.unknown().optional(),
  group: z.string().optional(),
  warm: z.boolean().optional(),
  disruptive: z.boolean().optional(),
  timeoutMs: z.number().positive().optional(),
} satisfies Record<keyof RegressionInfo, z.ZodType>)

/**
 * Refuses a check that says something impossible about itself: types are stripped when its file is loaded, so nobody else looks.
 * @throws ConfigError naming file, check and field
 */
export function refuseWrongInfo(check: Check): void {
  const schema = check.suite === 'policy' ? policyInfo : regressionInfo
  const wrong = (path: readonly PropertyKey[], message: string, hint?: string) =>
    new ConfigError(`${check.id}: ${path.map(String).join('.')}${message}`, {
      position: { file: check.file },
      ...(hint === undefined ? {} : { hint: `did you mean "${hint}"?` }),
    })
  const given: unknown = check.info
  if (typeof given === 'object' && given !== null) {
    refuseSlips(given, Object.keys(schema.shape), wrong)
    const where = 'applies' in given ? given.applies : undefined
    if (typeof where === 'object' && where !== null)
      refuseSlips(where, Object.keys(applies.shape), (path, ...more) => wrong(['applies', ...path], ...more))
  }
  const issue = schema.safeParse(given).error?.issues.flatMap(innermost)[0]
  if (!issue) return
  const found = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], given)
  if (found === undefined) throw wrong(issue.path, ' is missing')
  if (issue.code !== 'invalid_value') throw wrong(issue.path, `: ${issue.message}`)
  const values = issue.values.map(String)
  const word = typeof found === 'string' ? found : JSON.stringify(found)
  throw wrong(issue.path, `: "${word}" is none of ${values.join(', ')}`, nearest(word, values))
}

type Wrong = (path: readonly PropertyKey[], message: string, hint?: string) => ConfigError

/** Fields of an author's own are welcome, as long as none looks like one that is known. */
function refuseSlips(given: object, known: readonly string[], wrong: Wrong): void {
  for (const key of Object.keys(given)) {
    const near = known.includes(key) ? undefined : nearest(key, known)
    if (near !== undefined && !Object.hasOwn(given, near)) throw wrong([key], ' is not known', near)
  }
}

/** Of a union, what is wrong with the member that got furthest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const members = issue.errors.map((issues) => issues.flatMap(innermost))
  const depth = (issues: readonly z.core.$ZodIssue[]) => Math.max(...issues.map(({ path }) => path.length))
  const best = members.toSorted((a, b) => depth(b) - depth(a))[0]
  return (best ?? []).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}

function names<Name extends string>(of: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(of) as Name[]
}
