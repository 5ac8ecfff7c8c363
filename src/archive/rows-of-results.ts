import { checkText } from './check-text.ts'
import { hexOf } from '../publish/digest.ts'
import type { CellResults, ResultCell, ResultImage } from '../publish/results-schema.ts'
import type { CheckRecord } from '../results/check-record.ts'
import { recordKey } from '../results/run-model.ts'
import { worstStatus } from '../results/status.ts'
import { countChecks } from '../results/summary.ts'
import { digestOf } from '../publish/digest.ts'
import type { LogEntry } from './log-entry.ts'
import { pack } from './pack.ts'
import type { Row } from './row.ts'

const MOST_MEASUREMENTS = 200

/** The rows that a submission of results becomes. They follow from it and its line in the log alone. */
export function rowsOfResults(entry: LogEntry, results: CellResults): Row[] {
  const { run, plan, images, cells } = results
  const started = Date.parse(run.startedAt)
  const builds = new Map(images.map((image) => [`${image.name} ${image.digest}`, buildOf(image)]))
  return [
    {
      table: 'run',
      values: {
        submission: entry.id,
        seq: entry.seq,
        run_id: run.id,
        submitter: entry.submitter,
        harness: run.harness,
        trigger_kind: run.trigger.kind,
        trigger_url: run.trigger.url ?? null,
        part: run.part?.index ?? 1,
        parts: run.part?.count ?? 1,
        format: run.format ?? 'harness',
        plan: plan?.digest ?? null,
        started_at: started,
        duration_ms: Math.round(run.durationMs),
        status: worstStatus(cells.map((cell) => cell.status)),
        cells: cells.length,
      },
    },
    ...(run.corrects === undefined
      ? []
      : [row('retraction', { submission: entry.id, target: run.corrects, reason: 'corrected', at: entry.receivedAt })]),
    ...(plan
      ? [row('plan', { digest: plan.digest, cells: JSON.stringify(plan.cells), submission: entry.id }, 'first')]
      : []),
    ...images.flatMap((image) => rowsOfImage(entry, image, started)),
    ...cells.flatMap((cell) => rowsOfCell(entry, cell, builds.get(`${cell.image} ${cell.digest}`) ?? '', started)),
  ]
}

/** The name of a cell run in addresses. */
export function cellRunUid(submission: string, cell: string): string {
  return hexOf(digestOf(`${submission}\0${cell}`)).slice(0, 32)
}

function rowsOfImage(entry: LogEntry, image: ResultImage, startedAt: number): Row[] {
  const { digest, name, basis, distribution, release, architecture, variant, description } = image
  const build = buildOf(image)
  const described = { digest, name, basis, distribution, release, architecture, variant, description, build }
  return [
    row('image', { ...described, built_at: dateOfBuild(build) ?? startedAt, seq: entry.seq }, 'first'),
    ...image.refs.map((ref) =>
      row(
        'image_ref',
        { platform: ref.platform, region: ref.region ?? '', ref: ref.id, digest, name, submission: entry.id },
        'first',
      ),
    ),
    ...(image.packages
      ? [row('image_packages', { digest, name, submission: entry.id, packages: pack(image.packages) }, 'first')]
      : []),
  ]
}

function rowsOfCell(entry: LogEntry, cell: ResultCell, build: string, runStartedAt: number): Row[] {
  const uid = cellRunUid(entry.id, cell.id)
  const counted = cell.checks.filter((record) => !record.baseline)
  const counts = countChecks(counted)
  const { axes, suites, tier, agent, error, usage, upgrade, earlier, measured, warnings, checks } = cell
  const detail = { axes, suites, tier, agent, error, usage, upgrade, earlier, measured, warnings, checks }
  return [
    row('cell', { id: cell.id, platform: cell.platform, image: cell.image, axes: JSON.stringify(axes) }, 'first'),
    row('cell_run', {
      uid,
      submission: entry.id,
      seq: entry.seq,
      submitter: entry.submitter,
      cell: cell.id,
      platform: cell.platform,
      image: cell.image,
      digest: cell.digest ?? null,
      build,
      status: cell.status,
      flaky: cell.flaky ? 1 : 0,
      reason: cell.reason ?? cell.error?.message ?? null,
      started_at: cell.startedAt === undefined ? runStartedAt : Date.parse(cell.startedAt),
      duration_ms: Math.round(cell.durationMs),
      attempt: cell.attempt,
      boots: cell.boots,
      boot_ms: bootMs(cell),
      n_pass: counts.pass,
      n_fail: counts.fail,
      n_error: counts.error,
      n_miss: counts.miss,
      n_skip: counts.skip,
      n_done: counts.done,
      n_waived: counts.waived,
      n_flaky: counts.flaky,
      usd: usage?.usd ?? null,
    }),
    row('cell_detail', { uid, body: pack(detail) }),
    ...counted.filter(isFinding).map((record) => rowOfFinding(uid, record)),
    ...measurementsOf(cell).map(([name, value, unit]) => row('measurement', { uid, name, value, unit }, 'first')),
    ...cell.files.map((file) =>
      row(
        'file',
        {
          uid,
          name: file.name,
          title: file.title,
          kind: file.kind,
          phase: file.phase ?? null,
          subject: file.subject ?? null,
          digest: file.digest,
          bytes: file.bytes,
          truncated: file.truncated ? 1 : 0,
        },
        'first',
      ),
    ),
  ]
}

function isFinding({ status }: CheckRecord): boolean {
  return status === 'fail' || status === 'error' || status === 'miss'
}

function rowOfFinding(uid: string, record: CheckRecord): Row {
  const { id, suite, status, severity, title, waived } = record
  return row(
    'finding',
    {
      uid,
      judgement: recordKey(record),
      check_id: id,
      suite,
      status,
      severity,
      title,
      excerpt: checkText(record),
      waived: waived ? JSON.stringify(waived) : null,
    },
    'first',
  )
}

function bootMs(cell: ResultCell): number | null {
  const first = cell.measured.find(({ subject, values }) => subject === 'image' && 'bootMs' in values)
  const value = first?.values['agentMs'] ?? first?.values['bootMs']
  return value === undefined ? null : Math.round(value)
}

function measurementsOf(cell: ResultCell): [name: string, value: number, unit: string][] {
  const own = cell.measured.flatMap(({ subject, values }) =>
    Object.entries(values).map(([name, value]): [string, number, string] => [`${subject}.${name}`, value, 'ms']),
  )
  const ofChecks = cell.checks.flatMap((record) =>
    (record.measurements ?? []).map(({ name, value, unit }): [string, number, string] => [
      `${record.id}.${name}`,
      value,
      unit,
    ]),
  )
  return [...own, ...ofChecks].slice(0, MOST_MEASUREMENTS)
}

function buildOf({ build, digest }: ResultImage): string {
  return build ?? hexOf(digest).slice(0, 12)
}

/** Builds are often named after their day: `20260821`, `20260821-1234`, `2026.08.21`. */
function dateOfBuild(build: string): number | undefined {
  const [, year = '', month = '', day = '', hour = '00', minute = '00'] =
    /^(20\d\d)[-.]?(\d\d)[-.]?(\d\d)(?:\D?(\d\d)(\d\d))?(?:\D|$)/.exec(build) ?? []
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`)
  return Number.isNaN(at) ? undefined : at
}

function row(table: string, values: Row['values'], repeated?: 'first'): Row {
  return { table, values, ...(repeated ? { repeated } : {}) }
}
