import { z } from 'zod'
import { cleanText } from '../core/text.ts'

/** Text that others wrote: well-formed, without control characters, at most `max` characters. Longer text is refused, not cut. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .transform((value) => cleanText(value.toWellFormed()))

/** A name of something: it is used in addresses and queries, so it has no spaces and no control characters. */
export const name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:+@~=,/-]*$/, 'is not a name')
  .refine((value) => value.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), 'is not a name')

/** An address people may follow: never one that a browser runs. */
export const link = z.url({ protocol: /^https?$/ }).max(2_000)

export const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest such as sha256:…')
export const imageDigest = z.string().regex(/^(sha256|reported):[0-9a-f]{64}$/, 'is not a digest such as sha256:…')

export const count = z.int().min(0)
export const number = z.number().min(-1e15).max(1e15)
export const time = z.iso.datetime()
export const status = z.enum(['pass', 'fail', 'error', 'miss', 'skip', 'done'])
export const subject = z.enum(['image', 'upgraded'])

const SENTENCE = 2_000
const EXCERPT = 16 * 1024

const failure = z.object({
  message: text(EXCERPT),
  expected: text(EXCERPT).exactOptional(),
  actual: text(EXCERPT).exactOptional(),
  diff: text(EXCERPT).exactOptional(),
  at: text(SENTENCE).exactOptional(),
})

const failures = z.array(failure).max(20)
const attempt = z.int().min(1).max(1000)

const notSelected = z.object({
  by: text(SENTENCE),
  last: z.object({ status, at: text(100), runId: text(200) }).exactOptional(),
})

/** One judgement as it is published; the shape of `CheckRecord`. */
export const checkRecord = z.object({
  id: name,
  suite: z.enum(['policy', 'regression', 'logs']),
  title: text(SENTENCE),
  severity: z.enum(['blocker', 'major', 'minor']),
  phase: z.enum(['rest', 'first-boot', 'after-reboot', 'pair', 'outside']).exactOptional(),
  subject,
  baseline: z.boolean(),
  status,
  reason: text(SENTENCE).exactOptional(),
  errors: failures,
  about: z
    .object({ because: text(SENTENCE), source: text(SENTENCE), fix: text(SENTENCE).exactOptional() })
    .exactOptional(),
  durationMs: number,
  waived: z.object({ reason: text(SENTENCE), tracker: text(SENTENCE), until: text(40) }).exactOptional(),
  flaky: z.boolean().exactOptional(),
  earlier: z
    .array(z.object({ attempt, status, reason: text(SENTENCE).exactOptional(), errors: failures }))
    .max(20)
    .exactOptional(),
  notSelected: notSelected.exactOptional(),
  measurements: z
    .array(z.object({ name: text(200), value: number, unit: z.enum(['ms', 's', 'bytes', 'count']) }))
    .max(100)
    .exactOptional(),
  attachments: z.array(text(500)).max(20).exactOptional(),
})

/** An error of a step or of the harness; the shape of `ErrorRecord`. */
export const errorRecord = z.object({
  name: text(100),
  message: text(EXCERPT),
  blame: z.enum(['user', 'host', 'provider', 'image', 'harness', 'leak', 'unknown']),
  hint: text(SENTENCE).exactOptional(),
  kind: text(100).exactOptional(),
  evidence: text(EXCERPT).exactOptional(),
  stack: text(EXCERPT).exactOptional(),
})

export const usage = z.object({
  machines: count,
  seconds: number,
  usd: number.exactOptional(),
  basis: text(SENTENCE).exactOptional(),
})
