import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { ConfigError, type ErrorRecord } from '../core/errors.ts'
import type { CheckFailure, CheckRecord } from '../results/check-record.ts'
import type { CellModel } from '../results/cell-model.ts'
import type { RunModel } from '../results/run-model.ts'
import { reportedDigest } from './digest.ts'
import { filesOfCell, type PublishedFile } from './files-of-cell.ts'
import { maskData } from './mask.ts'
import { LIMITS, type CellResults, type ResultCell, type ResultImage } from './results-schema.ts'
import { PREDICATES, statement, subjectsOf } from './statement.ts'
import { nameOf } from './test-result.ts'

export interface PublishOptions {
  /** Who started the run. Default a person. */
  trigger?: CellResults['run']['trigger']
  /** The submission this one replaces. */
  corrects?: string
}

/** A run in the form in which it leaves this host. The same run always gives the same bytes. */
export interface RunToPublish {
  /** Statements as JSON, one for each part. */
  payloads: Buffer[]
  /** By digest, each content once. */
  files: Map<string, PublishedFile>
  cells: number
  /** Places that were masked here, besides those the run itself masked. */
  masked: number
  /** Files that events name and nobody can read. */
  left: string[]
}

/** Payloads stay below this, so that their envelopes stay below what servers accept. */
const MOST_BYTES = 2_500_000

/**
 * Makes statements of a run. Names of the host and the command line stay here; all texts are masked.
 * @throws ConfigError when there is nothing to publish
 */
export async function statementsOfRun(
  run: RunModel,
  runDir: string,
  options: PublishOptions = {},
): Promise<RunToPublish> {
  if (run.cells.length === 0) throw new ConfigError(`${runDir} has no cells: there is nothing to publish`)
  if (!run.ended)
    throw new ConfigError(`the run in ${runDir} has not ended`, { hint: `harness run --resume ${runDir}` })
  const files = new Map<string, PublishedFile>()
  const left: string[] = []
  let masked = 0
  const parts: Part[] = [newPart()]
  for (const cell of run.cells) {
    const found = await filesOfCell(runDir, cell)
    for (const file of found.published) files.set(file.digest, file)
    left.push(...found.left)
    const image = await imageOf(cell, found.published)
    const clean = maskData({
      cell: { ...cellOf(cell), files: found.files, ...(image ? { digest: image.digest } : {}) },
      image,
    })
    masked += found.masked + clean.masked
    let part = parts.at(-1) ?? newPart()
    const bytes = Buffer.byteLength(JSON.stringify(clean.value))
    if (part.cells.length > 0 && (part.bytes + bytes > MOST_BYTES || part.cells.length >= LIMITS.cells))
      parts.push((part = newPart()))
    part.cells.push(clean.value.cell)
    if (clean.value.image) addImage(part.images, clean.value.image)
    part.bytes += bytes
  }
  const payloads = parts.map((part, index) => {
    const results: CellResults = {
      version: '1.0',
      run: {
        id: nameOf(run.runId),
        harness: `harness ${run.harness}`,
        startedAt: run.startedAt,
        durationMs: run.durationMs,
        trigger: options.trigger ?? { kind: 'person' },
        ...(parts.length > 1 ? { part: { index: index + 1, count: parts.length } } : {}),
        ...(options.corrects === undefined ? {} : { corrects: options.corrects }),
      },
      ...(run.plan === undefined || index > 0
        ? {}
        : { plan: { digest: run.plan, cells: run.cells.map(({ summary }) => summary.id) } }),
      images: [...part.images.values()],
      cells: part.cells,
    }
    return payloadOf(results)
  })
  return { payloads, files, cells: run.cells.length, masked, left }
}

/** Results as the bytes of a statement. @throws ConfigError when they are not valid: then they would be refused everywhere */
export function payloadOf(results: CellResults): Buffer {
  const made = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectsOf(results.images),
    predicateType: PREDICATES.results,
    predicate: results,
  }
  const checked = statement.safeParse(made)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new ConfigError(`the results cannot be published: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  return Buffer.from(JSON.stringify(made))
}

interface Part {
  cells: ResultCell[]
  images: Map<string, ResultImage>
  bytes: number
}

function newPart(): Part {
  return { cells: [], images: new Map(), bytes: 0 }
}

/** Cells share images; each is told once, with all that it is called. */
function addImage(images: Map<string, ResultImage>, image: ResultImage): void {
  const key = `${image.name} ${image.digest}`
  const known = images.get(key)
  if (!known) {
    images.set(key, image)
    return
  }
  for (const ref of image.refs)
    if (
      !known.refs.some(
        ({ platform, region, id }) => platform === ref.platform && region === ref.region && id === ref.id,
      )
    )
      known.refs.push(ref)
  if (!known.packages && image.packages) known.packages = image.packages
}

function cellOf(cell: CellModel): Omit<ResultCell, 'files' | 'digest'> {
  const { summary, attempt, status, flaky, reason, error, startedAt, durationMs, boots, usage, upgrade } = cell
  return {
    id: summary.id,
    platform: summary.platform,
    image: summary.image,
    axes: { ...(summary.axes ?? { platform: summary.platform, image: summary.image }) },
    suites: summary.suites,
    ...(summary.tier === undefined ? {} : { tier: summary.tier }),
    agent: summary.agent,
    attempt,
    status,
    ...(flaky ? { flaky } : {}),
    ...(reason === undefined ? {} : { reason: cut(reason, 2_000) }),
    ...(error ? { error: withoutStack(error) } : {}),
    ...(startedAt === undefined ? {} : { startedAt }),
    durationMs,
    boots,
    ...(usage ? { usage } : {}),
    ...(upgrade ? { upgrade } : {}),
    earlier: cell.earlier,
    measured: cell.measured,
    warnings: cell.warnings.slice(0, 100).map((warning) => cut(warning, 2_000)),
    checks: cell.checks.slice(0, LIMITS.checksOfCell).map(slim),
  }
}

/** Stacks tell about this host and nothing about the image. */
function withoutStack(error: ErrorRecord): NonNullable<ResultCell['error']> {
  const { name, message, blame, hint, kind, evidence } = error
  return {
    name,
    message: cut(message, 16_000),
    blame,
    ...(hint === undefined ? {} : { hint: cut(hint, 2_000) }),
    ...(kind === undefined ? {} : { kind }),
    ...(evidence === undefined ? {} : { evidence: cut(evidence, 16_000) }),
  }
}

/** What a check says about itself is worth its place only where it did not hold. */
function slim(record: CheckRecord): ResultCell['checks'][number] {
  const { about, attachments, errors, ...rest } = record
  const held = record.status === 'pass' || record.status === 'skip' || record.status === 'done'
  return {
    ...rest,
    ...(rest.reason === undefined ? {} : { reason: cut(rest.reason, 2_000) }),
    errors: errors.slice(0, 20).map(cutFailure),
    ...(rest.earlier
      ? { earlier: rest.earlier.map((one) => ({ ...one, errors: one.errors.slice(0, 20).map(cutFailure) })) }
      : {}),
    ...(held || !about ? {} : { about }),
    ...(attachments ? { attachments } : {}),
  }
}

function cutFailure({ message, expected, actual, diff, at }: CheckFailure): CheckFailure {
  const most = 16_000
  return {
    message: cut(message, most),
    ...(expected === undefined ? {} : { expected: cut(expected, most) }),
    ...(actual === undefined ? {} : { actual: cut(actual, most) }),
    ...(diff === undefined ? {} : { diff: cut(diff, most) }),
    ...(at === undefined ? {} : { at: cut(at, 2_000) }),
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 20)}\n[... cut ...]`
}

async function imageOf(cell: CellModel, files: readonly PublishedFile[]): Promise<ResultImage | undefined> {
  const { image, summary } = cell
  if (!image) return undefined
  const digest = image.digest ?? reportedDigest(summary.platform, image.id)
  const packages = await packagesOf(files)
  return {
    name: summary.image,
    digest,
    basis: image.digest === undefined ? 'reported' : 'stored',
    distribution: image.distribution,
    release: image.release,
    architecture: image.architecture,
    variant: image.variant,
    description: cut(image.description, 500),
    ...(image.build === undefined ? {} : { build: nameOf(image.build) }),
    refs: [
      {
        platform: summary.platform,
        ...(image.region === undefined ? {} : { region: nameOf(image.region) }),
        id: image.id.startsWith('/') ? basename(image.id) : image.id,
      },
    ],
    ...(packages ? { packages } : {}),
  }
}

/** The packages of the image as it came: from its first boot, else from the image at rest. */
async function packagesOf(files: readonly PublishedFile[]): Promise<ResultImage['packages']> {
  const facts = ['image-first-boot.json', 'image-rest.json'].flatMap(
    (name) => files.find(({ kind, path }) => kind === 'facts' && path.endsWith(`/${name}`)) ?? [],
  )
  for (const { path } of facts) {
    const value: unknown = JSON.parse(await readFile(path, 'utf8').catch(() => 'null'))
    const list = typeof value === 'object' && value !== null && 'packages' in value ? value.packages : undefined
    if (!Array.isArray(list) || list.length === 0) continue
    return list.slice(0, LIMITS.packages).map((one: Readonly<Record<string, unknown>>) => {
      const field = (key: string) => (typeof one[key] === 'string' ? cut(one[key], 200) : '')
      return [field('name'), field('version'), field('arch').slice(0, 40), field('source')]
    })
  }
  return undefined
}
