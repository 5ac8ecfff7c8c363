import { z } from 'zod'

/** Where a text comes from: the kind of a log, or `check` for what a failed check says. */
export const SOURCES = [
  'check',
  'cloud-init.log',
  'cloud-init-output.log',
  'journal',
  'console',
  'ds-identify',
] as const
export type TextSource = (typeof SOURCES)[number]

/** A literal must be long enough to keep the expensive pattern away from nearly all lines. */
const literal = z.string().min(3).max(200)
const sample = z.string().min(1).max(16_384)
const globs = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])

/** One file of the folder of known issues. */
export const knownIssueSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,40}:[a-z0-9][a-z0-9.-]{0,80}$/, 'is not like "area:short-name"'),
  version: z.int().min(1).max(100_000),
  title: z.string().min(5).max(200),
  culprit: z.enum(['image', 'cloud', 'test', 'harness', 'unknown']),
  url: z
    .string()
    .max(500)
    .regex(/^https:\/\/[^\s<>"'`\\]+$/, 'is not an https address')
    .optional(),
  /** Globs on the axes of a cell, for example `{ platform: azure, image: 'debian-*' }`. Absent: every cell. */
  when: z.record(z.string().max(40), globs).optional(),
  /** Absent: every source. */
  where: z.array(z.enum(SOURCES)).min(1).optional(),
  /** Every one of these is on the line, in this case. Looked for before the pattern is. */
  contains: z.array(literal).min(1).max(8),
  /** RE2 syntax. Absent: the literals are enough. */
  match: z.string().min(1).max(1000).optional(),
  samples: z.strictObject({ hit: z.array(sample).min(1).max(50), miss: z.array(sample).min(1).max(50) }),
})

/** Something that is known to go wrong, and how a log tells. A newer version of the same id takes the place of an older one. */
export type KnownIssue = z.infer<typeof knownIssueSchema>
