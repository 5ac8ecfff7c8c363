import { z } from 'zod'
import { ConfigError } from '../../core/errors.ts'
import { cleanText } from '../../core/text.ts'
import type { RunModel } from '../../results/run-model.ts'
import { STATUS_ORDER, type Status } from '../../results/status.ts'
import { countedChecks } from '../../results/summary.ts'
import { digestOf } from '../digest.ts'
import type { ForeignRun } from './foreign-test.ts'

const schema = z.looseObject({
  version: z.looseObject({ major: z.int(), minor: z.int() }),
  tests: z
    .array(
      z.looseObject({
        id: z.string().max(500),
        path: z.string().max(500).optional(),
        comment: z.string().max(10_000).optional(),
        /** What version 3 calls the comment. */
        description: z.string().max(10_000).optional(),
        status: z.enum(['FAIL', 'ERROR', 'MISS', 'PASS', 'DONE', 'SKIP']).optional(),
        start_time: z.string().max(100).optional(),
        duration: z.number().min(0).max(1e9).optional(),
        log_excerpt: z.string().max(16_384).optional(),
      }),
    )
    .max(20_000)
    .default([]),
})

/** Tests of a report of KCIDB. One without a status was not judged. https://github.com/kernelci/kcidb-io @throws ConfigError */
export function readKcidb(text: string): ForeignRun {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ConfigError('this is not JSON', { cause: error })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(`this is not a report of KCIDB: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? ''}`)
  }
  const { version, tests } = parsed.data
  if (version.major < 3 || version.major > 5)
    throw new ConfigError(`the report has version ${version.major}.${version.minor}; versions 3 to 5 are read`)
  const starts = tests.flatMap(({ start_time: start }) =>
    Number.isNaN(Date.parse(start ?? '')) ? [] : [Date.parse(start ?? '')],
  )
  return {
    format: 'kcidb',
    tests: tests.map(({ id, path, description, comment = description, status, duration, log_excerpt: excerpt }) => ({
      name: path || id,
      status: (status?.toLowerCase() ?? 'miss') as Status,
      ...(duration === undefined ? {} : { durationMs: Math.round(duration * 1000) }),
      ...(status === 'FAIL' || status === 'ERROR' ? { message: excerpt ?? comment ?? '' } : {}),
      ...(comment === undefined ? {} : { reason: comment }),
    })),
    ...(starts.length > 0 ? { startedAt: new Date(Math.min(...starts)).toISOString() } : {}),
  }
}

/**
 * A run as a report of KCIDB 5.3. The image is what was built, so its digest is the revision; nothing about sources is claimed.
 * @param origin who reports, by the rules of KCIDB: small letters, digits and `_`
 * @param urlOf where a file of a cell is
 */
export function kcidbReport(
  run: RunModel,
  origin: string,
  urlOf: (cell: string, file: string) => string | undefined,
): object {
  const from = origin.toLowerCase().replace(/[^a-z0-9_]+/g, '_')
  const id = (...parts: readonly string[]) =>
    `${from}:${digestOf(parts.join('\0')).slice('sha256:'.length, 'sha256:'.length + 40)}`
  const checkout = id('checkout', run.runId)
  const builds = run.cells.map(({ summary, image, startedAt }) => ({
    id: id('build', run.runId, summary.id),
    origin: from,
    checkout_id: checkout,
    ...(image?.architecture ? { architecture: image.architecture.toLowerCase().replace(/[^a-z0-9_]+/g, '_') } : {}),
    ...(startedAt === undefined ? {} : { start_time: startedAt }),
    comment: `${summary.image}${image?.build ? ` ${image.build}` : ''}`,
    misc: { image: summary.image, ...(image?.digest === undefined ? {} : { digest: image.digest }) },
  }))
  const tests = run.cells.flatMap((cell) => {
    const build = id('build', run.runId, cell.summary.id)
    const files = cell.logs.flatMap(({ file }) => {
      const url = urlOf(cell.summary.id, file)
      return url === undefined ? [] : [{ name: file.replaceAll('/', '-'), url }]
    })
    const common = {
      build_id: build,
      origin: from,
      environment: { comment: cell.summary.id, misc: { ...cell.summary.axes } },
      ...(cell.startedAt === undefined ? {} : { start_time: cell.startedAt }),
    }
    const records = countedChecks(cell).map((record) => ({
      ...common,
      id: id('test', run.runId, cell.summary.id, record.suite, record.id, record.phase ?? '', record.subject),
      path: pathOf(record.suite, record.id, record.phase),
      comment: record.title,
      status: record.status.toUpperCase(),
      duration: record.durationMs / 1000,
      ...(record.errors[0] ? { log_excerpt: record.errors[0].message.slice(0, 16_384) } : {}),
    }))
    const whole = {
      ...common,
      id: id('cell', run.runId, cell.summary.id),
      path: 'cell',
      comment: cell.reason ?? 'the whole cell',
      status: (STATUS_ORDER.includes(cell.status) ? cell.status : 'miss').toUpperCase(),
      duration: cell.durationMs / 1000,
      ...(files.length > 0 ? { output_files: files } : {}),
    }
    return [whole, ...records]
  })
  const checkouts = [{ id: checkout, origin: from, start_time: run.startedAt, comment: `run ${run.runId} of images` }]
  return cleaned({ version: { major: 5, minor: 3 }, checkouts, builds, tests })
}

/** The same with texts that every reader takes: well-formed, and without control characters. */
function cleaned<T>(value: T): T
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value.toWellFormed())
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [cleaned(key), cleaned(of)]))
}

/** Paths have dots between their parts, and within a part only letters, digits, `_` and `-`. */
function pathOf(...parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined)
    .map((part) => part.replace(/[^A-Za-z0-9_-]+/g, '_'))
    .join('.')
}
