import { z } from 'zod'
import { cleanText } from '../core/text.ts'
import { digestOf } from './digest.ts'
import { count, digest, imageDigest, time } from './record-schema.ts'

/** Text that the id covers: what would have to be cleaned is refused. */
const plain = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => cleanText(value.toWellFormed()) === value, 'has control characters')

const item = z.object({
  requirement: plain(200),
  subject: plain(2_000),
  state: z.enum(['satisfied', 'unsatisfied', 'missing']),
  reasons: z.array(plain(4_000)).max(50),
  results: z.array(z.string().max(300)).max(20_000),
})
const items = z.array(item).max(20_000)

/** What a policy said about an image, as it is kept and submitted. Fields in the order that its id is made of. */
export const decisionSchema = z.object({
  version: z.literal(1),
  verdict: z.enum(['go', 'no-go']),
  policy: z.object({ id: plain(100), digest }),
  image: z.object({ name: plain(200), digest: imageDigest, basis: z.enum(['stored', 'uploaded', 'reported']) }),
  asOf: z.object({ seq: count, at: time }),
  satisfied: items,
  unsatisfied: items,
  missing: items,
  evidence: z.array(z.string().max(100)).max(20_000),
  id: digest,
})

/** What a policy said about an image at one moment. Whoever has the archive and the policy can make it again. */
export type Decision = z.infer<typeof decisionSchema>
/** One thing a policy wants, and how it stood. */
export type DecisionItem = z.infer<typeof item>

/** The id of a decision: the digest of all the rest, whatever the order of fields in a file is. */
export function decisionId(body: Omit<Decision, 'id'>): string {
  const parts = (all: readonly DecisionItem[]) =>
    all.map(({ requirement, subject, state, reasons, results }) => [requirement, subject, state, reasons, results])
  const { version, verdict, policy, image, asOf, satisfied, unsatisfied, missing, evidence } = body
  return digestOf(
    JSON.stringify([
      version,
      verdict,
      [policy.id, policy.digest],
      [image.name, image.digest, image.basis],
      [asOf.seq, asOf.at],
      parts(satisfied),
      parts(unsatisfied),
      parts(missing),
      evidence,
    ]),
  )
}
