import { z } from 'zod'
import {
  checkRecord,
  count,
  digest,
  errorRecord,
  imageDigest,
  name,
  number,
  status,
  subject,
  text,
  time,
  usage,
  link,
} from './record-schema.ts'

/** What one submission may hold. */
export const LIMITS = { cells: 2_000, checksOfCell: 500, filesOfCell: 100, packages: 10_000, images: 500 } as const

const duration = z.number().min(0).max(1e12)

const file = z.object({
  /** What it is called, for example `logs/cloud-init.log`: shown, never a path on the server. */
  name: name,
  title: text(200),
  kind: z.enum(['log', 'facts']),
  digest,
  bytes: count,
  truncated: z.boolean().exactOptional(),
  redactions: count.exactOptional(),
  phase: text(40).exactOptional(),
  subject: subject.exactOptional(),
})

const image = z.object({
  /** What the matrix calls it, for example `debian-13`. */
  name,
  digest: imageDigest,
  /** How the digest was found: of what the platform stores, of the file that was uploaded, or only of the platform's name for it. */
  basis: z.enum(['stored', 'uploaded', 'reported']),
  distribution: text(100),
  release: text(100),
  architecture: text(40),
  variant: text(100),
  description: text(500),
  build: name.exactOptional(),
  /** What it is called on platforms. */
  refs: z.array(z.object({ platform: name, region: name.exactOptional(), id: text(500) })).max(200),
  /** Name, version, architecture, source package. */
  packages: z
    .array(z.tuple([text(200), text(200), text(40), text(200)]))
    .max(LIMITS.packages)
    .exactOptional(),
})

const cell = z.object({
  id: name,
  platform: name,
  /** The name of its image in the matrix. */
  image: name,
  /** Absent when no image was found. */
  digest: imageDigest.exactOptional(),
  axes: z.record(text(100), text(200)),
  suites: z.array(text(40)).max(20),
  tier: text(40).exactOptional(),
  agent: z.object({ name: text(100), source: text(500) }),
  attempt: count,
  status,
  flaky: z.boolean().exactOptional(),
  reason: text(2_000).exactOptional(),
  error: errorRecord.exactOptional(),
  startedAt: time.exactOptional(),
  durationMs: duration,
  boots: count,
  usage: usage.exactOptional(),
  upgrade: z.object({ from: text(200), to: text(200), source: text(500) }).exactOptional(),
  earlier: z.array(z.object({ attempt: count, status, reason: text(2_000).exactOptional() })).max(20),
  measured: z.array(z.object({ subject, values: z.record(text(200), number) })).max(50),
  warnings: z.array(text(2_000)).max(100),
  checks: z.array(checkRecord).max(LIMITS.checksOfCell),
  files: z.array(file).max(LIMITS.filesOfCell),
})

/** What a run found out about cells. The body of most statements. */
export const cellResults = z.object({
  /** `major.minor`: a new minor only adds fields that may be absent, a new major is refused by older servers. */
  version: z.string().regex(/^\d+\.\d+$/),
  run: z.object({
    id: name,
    /** Program that made the results, and its version. */
    harness: text(100),
    startedAt: time,
    durationMs: duration,
    trigger: z.object({ kind: z.enum(['person', 'ci', 'import']), url: link.exactOptional() }),
    /** Large runs are several submissions. */
    part: z.object({ index: z.int().min(1), count: z.int().min(1) }).exactOptional(),
    /** The submission that this one replaces, because that was wrong. */
    corrects: digest.exactOptional(),
    /** What is behind a source that is no run of this harness, for example `junit`. */
    format: text(40).exactOptional(),
  }),
  /** All cells that were planned, so that what is missing can be seen. */
  plan: z.object({ digest, cells: z.array(name).max(20_000) }).exactOptional(),
  images: z.array(image).max(LIMITS.images),
  cells: z.array(cell).min(1).max(LIMITS.cells),
})

export type CellResults = z.infer<typeof cellResults>
export type ResultImage = z.infer<typeof image>
export type ResultCell = z.infer<typeof cell>
export type ResultFile = z.infer<typeof file>
