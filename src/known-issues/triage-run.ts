import { createReadStream } from 'node:fs'
import { isAbsolute, join, normalize } from 'node:path'
import { logKindOf } from '../logs/normalise.ts'
import { judgedLogKind } from '../logs/index.ts'
import { matchesGlob } from '../matrix/glob.ts'
import type { CheckRecord } from '../results/check-record.ts'
import type { CellModel, RunModel } from '../results/run-model.ts'
import { countedChecks } from '../results/summary.ts'
import type { Failure } from './group-failures.ts'
import { incidentId, type Incident } from './incident.ts'
import type { IssuePattern } from './issue-pattern.ts'
import type { KnownIssue, TextSource } from './known-issue.ts'
import { scanPieces, type ScanLimits, type Sighting } from './scan-lines.ts'
import { failureText } from './signature.ts'

const LARGEST_LOG = 64 * 1024 * 1024

/** What known issues explain of a run, and what they do not. */
export interface Triage {
  incidents: Incident[]
  /** Failures that no issue explains. */
  unmatched: Failure[]
  /** Issues whose time was used up before a log was read to its end: not seen is not known there. */
  gaveUp: { issue: string; file: string }[]
}

/**
 * Looks for known issues in the failures and the logs of a run, however old it is.
 * @param openLog the text of a log by its name in the events; undefined when it is gone
 */
export async function triageRun(
  run: RunModel,
  patterns: readonly IssuePattern[],
  openLog: (file: string) => AsyncIterable<string> | undefined,
  limits?: ScanLimits,
): Promise<Triage> {
  const triage: Triage = { incidents: [], unmatched: [], gaveUp: [] }
  for (const cell of run.cells) {
    if (cell.state === 'waiting') continue
    const axes = axesOf(cell)
    const applying = patterns.filter(({ issue }) => appliesTo(issue, axes))
    await new CellTriage(run, cell, applying, triage, limits).look(openLog)
  }
  return triage
}

/** The logs below a run folder, at most 64 MiB of each. Nothing outside is read, whatever the events say. */
export function logsOf(runDir: string): (file: string) => AsyncIterable<string> | undefined {
  return (file) => {
    const path = normalize(file)
    if (isAbsolute(path) || path.split('/').includes('..')) return undefined
    return pieces(join(runDir, path))
  }
}

async function* pieces(path: string): AsyncIterable<string> {
  try {
    for await (const piece of createReadStream(path, { encoding: 'utf8', end: LARGEST_LOG - 1 })) yield String(piece)
  } catch {
    // A log that was removed says nothing about an issue.
  }
}

/** Whether an issue speaks about a cell with these axes. */
export function appliesTo({ when = {} }: KnownIssue, axes: Readonly<Record<string, string>>): boolean {
  return Object.entries(when).every(([axis, globs]) =>
    [globs].flat().some((glob) => matchesGlob(axes[axis] ?? '', glob)),
  )
}

function axesOf({ summary }: Pick<CellModel, 'summary'>): Record<string, string> {
  const { platform, image, distribution, release, boot } = summary
  const known = { platform, image, distribution, release, boot, 'instance-type': summary.instanceType }
  return { ...known, ...summary.axes }
}

class CellTriage {
  readonly #cell: CellModel
  readonly #patterns: readonly IssuePattern[]
  readonly #triage: Triage
  readonly #limits: ScanLimits | undefined
  readonly #run: string
  readonly #cellRun: string
  readonly #at: string
  /** Issues that a text of this cell was read for, and what came of it. */
  readonly #seen = new Map<IssuePattern, boolean>()
  readonly #byLog = new Map<string, IssuePattern[]>()

  constructor(
    run: RunModel,
    cell: CellModel,
    patterns: readonly IssuePattern[],
    triage: Triage,
    limits: ScanLimits | undefined,
  ) {
    this.#cell = cell
    this.#patterns = patterns
    this.#triage = triage
    this.#limits = limits
    this.#run = run.runId
    this.#cellRun = `${run.runId}/${cell.summary.id}/${cell.attempt}`
    this.#at = cell.startedAt ?? run.startedAt
  }

  async look(openLog: (file: string) => AsyncIterable<string> | undefined): Promise<void> {
    for (const { file } of this.#cell.logs) {
      if (judgedLogKind(file) === undefined) continue
      const text = openLog(file)
      if (text) await this.#log(file, text)
    }
    const failed = countedChecks(this.#cell).filter(({ status }) => status === 'fail' || status === 'error')
    for (const record of failed) await this.#record(record)
    if (failed.length === 0) await this.#cellItself()
    for (const [pattern, present] of this.#seen) {
      if (!present) this.#add(pattern, '', false)
    }
  }

  async #log(file: string, text: AsyncIterable<string>): Promise<void> {
    const sightings = await scanPieces(text, this.#for(logKindOf(file)), this.#limits)
    for (const sighting of sightings) {
      const { pattern, count, gaveUp } = sighting
      if (gaveUp) this.#triage.gaveUp.push({ issue: pattern.issue.id, file })
      if (count > 0) {
        this.#byLog.set(file, [...(this.#byLog.get(file) ?? []), pattern])
        if (!this.#seen.get(pattern)) this.#add(pattern, '', true, `${file}:${sighting.line ?? 0}`, sighting)
        this.#seen.set(pattern, true)
      } else if (!gaveUp && !this.#seen.has(pattern)) this.#seen.set(pattern, false)
    }
  }

  async #record(record: CheckRecord): Promise<void> {
    const text = failureText(record)
    const told = await this.#tell(record.id, text)
    const byLog = (record.attachments ?? []).flatMap((file) => this.#byLog.get(file) ?? [])
    for (const pattern of new Set(byLog)) if (!told.includes(pattern)) this.#add(pattern, record.id, true)
    if (told.length + byLog.length === 0) this.#unmatched(record.id, record.status, text)
  }

  /** A cell that no check was judged in fails by its own error. */
  async #cellItself(): Promise<void> {
    const { status, reason, error } = this.#cell
    if (status !== 'fail' && status !== 'error') return
    const text = [error?.message ?? reason ?? '', ...(error?.evidence ?? '').split('\n').slice(-40)].join('\n')
    if ((await this.#tell('', text)).length === 0) this.#unmatched(error?.name ?? 'cell', status, text)
  }

  /** Issues that a text explains, each with its incident. */
  async #tell(check: string, text: string): Promise<IssuePattern[]> {
    const found = (await scanPieces([text], this.#for('check'), this.#limits)).filter(({ count }) => count > 0)
    for (const sighting of found) {
      if (check !== '' || !this.#seen.get(sighting.pattern))
        this.#add(sighting.pattern, check, true, check === '' ? 'the error of the cell' : `check ${check}`, sighting)
      this.#seen.set(sighting.pattern, true)
    }
    return found.map(({ pattern }) => pattern)
  }

  #for(source: TextSource): IssuePattern[] {
    return this.#patterns.filter(({ issue }) => issue.where?.includes(source) ?? true)
  }

  #add({ issue }: IssuePattern, check: string, present: boolean, evidence?: string, sighting?: Sighting): void {
    this.#triage.incidents.push({
      id: incidentId(this.#cellRun, check, issue),
      issue: issue.id,
      version: issue.version,
      cellRun: this.#cellRun,
      cell: this.#cell.summary.id,
      ...(check === '' ? {} : { check }),
      present,
      at: this.#at,
      ...(evidence === undefined ? {} : { evidence }),
      ...(sighting?.excerpt === undefined ? {} : { excerpt: sighting.excerpt }),
    })
  }

  #unmatched(check: string, status: Failure['status'], text: string): void {
    const cell = this.#cell.summary.id
    this.#triage.unmatched.push({ run: this.#run, cell, check, status, at: this.#at, text })
  }
}
