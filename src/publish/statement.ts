import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { decisionId, decisionSchema } from './decision.ts'
import { digestOf } from './digest.ts'
import { digest, imageDigest, name, text, time, link } from './record-schema.ts'
import { cellResults } from './results-schema.ts'

/** What a statement can say. The names are for ever; what changes its meaning gets a new name. */
export const PREDICATES = {
  results: 'urn:harness:cell-results:v1',
  retraction: 'urn:harness:retraction:v1',
  waiver: 'urn:harness:waiver:v1',
  approval: 'urn:harness:approval:v1',
  decision: 'urn:harness:decision:v1',
  testResult: 'https://in-toto.io/attestation/test-result/v0.1',
} as const

const globs = z.array(z.string().min(1).max(300)).min(1).max(50)

/** Takes an earlier submission of the same submitter back. Both stay to be seen. */
const retraction = z.object({ submission: digest, reason: text(2_000), at: time })

/** A known failure that does not count for a while. */
const waiver = z.object({
  id: name,
  images: globs,
  cells: globs,
  checks: globs,
  /** A missing result is waived too. */
  missing: z.boolean().exactOptional(),
  reason: text(2_000),
  tracker: link,
  from: time,
  until: time,
})

/** A person stands behind a decision of the gate. */
const approval = z.object({
  decision: digest,
  verdict: z.enum(['go', 'no-go']),
  image: imageDigest,
  approver: text(200),
  comment: text(2_000).exactOptional(),
  at: time,
})

/** What a policy said, with the policy, so that everybody can make the decision again. */
const decision = z.object({ decision: decisionSchema, policy: z.string().max(64 * 1024) })

const resource = z.looseObject({
  name: text(500).exactOptional(),
  uri: text(2_000).exactOptional(),
  digest: z.record(name, z.string().max(200)).exactOptional(),
})

/** What the predicate of in-toto for test results says. https://github.com/in-toto/attestation */
const testResult = z.object({
  result: z.enum(['PASSED', 'WARNED', 'FAILED']),
  configuration: z.array(resource).max(100),
  url: link.exactOptional(),
  passedTests: z.array(text(300)).max(500).exactOptional(),
  warnedTests: z.array(text(300)).max(500).exactOptional(),
  failedTests: z.array(text(300)).max(500).exactOptional(),
})

const envelopeOf = <const Type extends string, Predicate extends z.ZodType>(
  predicateType: Type,
  predicate: Predicate,
) =>
  z.object({
    _type: z.literal('https://in-toto.io/Statement/v1'),
    subject: z
      .array(
        z.object({
          name: text(500).exactOptional(),
          digest: z.record(z.string().max(40), z.string().regex(/^[0-9a-f]{32,128}$/)),
        }),
      )
      .max(500),
    predicateType: z.literal(predicateType),
    predicate,
  })

/** Every statement that is understood. */
export const statement = z.discriminatedUnion('predicateType', [
  envelopeOf(PREDICATES.results, cellResults),
  envelopeOf(PREDICATES.retraction, retraction),
  envelopeOf(PREDICATES.waiver, waiver),
  envelopeOf(PREDICATES.approval, approval),
  envelopeOf(PREDICATES.decision, decision),
  envelopeOf(PREDICATES.testResult, testResult),
])

/** An in-toto statement: what it is about, what kind of claim, and the claim. */
export type Statement = z.infer<typeof statement>
export type StatementOf<Type extends Statement['predicateType']> = Extract<Statement, { predicateType: Type }>
export type WaiverStatement = z.infer<typeof waiver>
export type ApprovalStatement = z.infer<typeof approval>
export type DecisionStatement = z.infer<typeof decision>

/** The newest version of results that is understood. */
const MAJOR = 1

/**
 * The statement in a payload. Unknown fields are dropped here and stay in the payload.
 * @throws ConfigError that names the field
 */
export function readStatement(payload: Uint8Array): Statement {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    throw new ConfigError('the payload is not JSON in UTF-8')
  }
  refuseNewer(value)
  const parsed = statement.safeParse(value)
  if (!parsed.success) throw new ConfigError(`the statement is not valid: ${firstProblem(parsed.error)}`)
  refuseOtherSubjects(parsed.data)
  refuseOtherDecision(parsed.data)
  return parsed.data
}

/** The subjects of a statement about images. */
export function subjectsOf(images: readonly { name: string; digest: string }[]): Statement['subject'] {
  return images.map((image) => {
    const [algorithm = '', hex = ''] = image.digest.split(':')
    return { name: image.name, digest: { [algorithm]: hex } }
  })
}

/** What was signed must be what is stored: every image of the results is a subject, and nothing else is. */
function refuseOtherSubjects(found: Statement): void {
  const images = imagesOf(found)
  if (images) {
    const subjects = new Set(found.subject.flatMap((one) => Object.entries(one.digest).map((pair) => pair.join(':'))))
    const missing = images.find((one) => !subjects.has(one))
    if (missing !== undefined) throw new ConfigError(`the image ${missing} is no subject of the statement`)
    if (subjects.size !== new Set(images).size)
      throw new ConfigError('a subject of the statement is none of its images')
  }
  if (found.predicateType !== PREDICATES.results) return
  const known = new Set(found.predicate.images.map((one) => `${one.name} ${one.digest}`))
  for (const cell of found.predicate.cells) {
    if (cell.digest !== undefined && !known.has(`${cell.image} ${cell.digest}`))
      throw new ConfigError(`cell ${cell.id} has an image that the statement does not describe`)
  }
  if (new Set(found.predicate.cells.map((cell) => cell.id)).size !== found.predicate.cells.length)
    throw new ConfigError('a cell is there twice')
}

/** Digests of what a statement is about; undefined when its subjects are free. */
function imagesOf(found: Statement): string[] | undefined {
  switch (found.predicateType) {
    case PREDICATES.results:
      return found.predicate.images.map((one) => one.digest)
    case PREDICATES.approval:
      return [found.predicate.image]
    case PREDICATES.decision:
      return [found.predicate.decision.image.digest]
    default:
      return undefined
  }
}

/** A decision is what its id says, and by the policy that comes with it. */
function refuseOtherDecision(found: Statement): void {
  if (found.predicateType !== PREDICATES.decision) return
  const { decision: made, policy } = found.predicate
  if (decisionId(made) !== made.id) throw new ConfigError('the decision is not what its id says')
  if (digestOf(policy) !== made.policy.digest) throw new ConfigError('the policy is not the one of the decision')
}

function refuseNewer(value: unknown): void {
  const predicate = typeof value === 'object' && value !== null && 'predicate' in value ? value.predicate : undefined
  const version = typeof predicate === 'object' && predicate !== null && 'version' in predicate ? predicate.version : ''
  const major = Number(/^(\d{1,6})\.\d+$/.exec(String(version))?.[1] ?? MAJOR)
  if (major > MAJOR)
    throw new ConfigError(`the results have version ${String(version)}, and this server reads version ${MAJOR}`, {
      hint: 'ask the operator of the server for a newer one',
    })
}

function firstProblem(error: z.ZodError): string {
  let [issue] = error.issues
  const path = [...(issue?.path ?? [])]
  while (issue?.code === 'invalid_union' && issue.errors[0]?.[0]) {
    issue = issue.errors[0][0]
    path.push(...issue.path)
  }
  return `${path.join('.') || 'it'}: ${issue?.message ?? 'is wrong'}`
}
