import { writeFile } from 'node:fs/promises'
import { ConfigError } from '../core/errors.ts'
import { redact } from '../core/redact.ts'
import type { Cell } from '../matrix/cell.ts'
import { coveredBy } from '../matrix/cover-cells.ts'
import { jobMatrix, MOST_JOBS } from '../matrix/job-matrix.ts'
import { lockFile, lockText } from '../matrix/lock.ts'
import type { CellPlan } from '../runner/plan/plan.ts'
import { planRun } from '../runner/run.ts'
import type { SelectedCells } from './cells.ts'
import { note, print, printJson, table } from './output.ts'
import { printNotSelected } from './print-not-selected.ts'

type Planned = Pick<
  SelectedCells,
  'cells' | 'excluded' | 'waivers' | 'coverage' | 'estimator' | 'notSelected' | 'decisions' | 'lastKnown'
>

/** Names of checks that are printed for one reason; `--json` has them all. */
const SOME = 4

/** Prints the cells a run would test, for people. */
export async function printPlan(planned: Planned): Promise<void> {
  const { plans } = await planRun(planned.cells, undefined, planned.waivers, planned.lastKnown)
  const rows = plans.map(({ cell, checks, skipped, nothing }) => {
    const judged = new Set(checks.filter((check) => !check.baseline).map((check) => check.id)).size
    const notSelected = new Set(skipped.filter((record) => record.notSelected).map(({ id }) => id)).size
    const left = new Set(skipped.filter((record) => !record.notSelected).map(({ id }) => id)).size
    const rest = `${left} do not apply${notSelected > 0 ? `, ${notSelected} not selected` : ''}`
    const { seconds, measured } = planned.estimator.expectedSeconds(cell)
    return [
      cell.id,
      redact(`${cell.agentName} ${cell.agent.source}`),
      nothing ?? `${cell.tier === undefined || cell.tier === 'full' ? '' : `${cell.tier}: `}${judged} checks, ${rest}`,
      nothing === undefined ? `${measured ? '' : '~'}${minutes(seconds)}` : '-',
      nothing === undefined ? money(planned.estimator.expectedUsd(cell)) : '-',
      ...(planned.coverage ? [String(planned.coverage.adds[cell.id] ?? 0)] : []),
    ]
  })
  const head = ['CELL', 'AGENT', 'JUDGED BY', 'TIME', 'PRICE', ...(planned.coverage ? ['ADDS'] : [])]
  await print(table([head, ...rows]))
  await print(`\n${totalsText(totals(planned, plans))}`)
  if (planned.coverage) await print(coverageText(planned.coverage, planned.cells))
  const unfit = inapplicable(plans)
  if (unfit.length > 0) await print(`\nChecks that do not apply:\n${table(unfit.map(unfitRow(plans.length)))}`)
  await printNotSelected(planned)
  if (planned.excluded.length > 0)
    await print(`\nLeft out:\n${table(planned.excluded.map(({ id, reason }) => [`  ${id}`, reason]))}`)
}

/** The same for programs, with each check and each reason. */
export async function printPlanJson(planned: Planned): Promise<void> {
  const { plans } = await planRun(planned.cells, undefined, planned.waivers, planned.lastKnown)
  const { coverage, estimator } = planned
  await printJson({
    cells: plans.map(({ cell, checks, skipped, nothing }) => ({
      ...masked(cell),
      expected: { ...estimator.expectedSeconds(cell), usd: estimator.expectedUsd(cell) },
      ...(coverage ? { adds: coverage.adds[cell.id] ?? 0 } : {}),
      checks: checks.map(({ id, suite, phase, subject, baseline }) => ({ id, suite, phase, subject, baseline })),
      skipped: skipped.map(({ id, phase, reason }) => ({ id, phase, reason })),
      nothing,
    })),
    excluded: planned.excluded,
    notSelected: planned.notSelected,
    decisions: planned.decisions,
    totals: totals(planned, plans),
    ...(coverage
      ? {
          coverage: {
            strength: coverage.strength,
            groups: coverage.groups,
            required: coverage.required,
            covered: coveredBy(coverage, idsOf(planned.cells)),
            impossible: coverage.impossible,
            combinations: String(coverage.combinations),
            valid: String(coverage.valid),
            ...(coverage.since ? { since: coverage.since } : {}),
          },
        }
      : {}),
  })
}

/** User data, environment and sources may hold what came from the environment. */
function masked(cell: Cell): object {
  const text = JSON.stringify(cell, (_, value: unknown) => (typeof value === 'string' ? redact(value) : value))
  return JSON.parse(text) as object
}

/** Prints the jobs of a workflow, on one line. @throws ConfigError */
export async function printJobs({ cells, estimator }: Planned, jobs: string | undefined): Promise<void> {
  const most = jobs === undefined ? MOST_JOBS : Number(jobs)
  if (!Number.isInteger(most) || most < 1 || most > MOST_JOBS)
    throw new ConfigError(`--jobs cannot be "${jobs}"`, { hint: `give a whole number from 1 to ${MOST_JOBS}` })
  const { plans } = await planRun(cells)
  const runnable = plans.filter((plan) => plan.nothing === undefined).map((plan) => plan.cell)
  await print(JSON.stringify(jobMatrix(runnable, (cell) => estimator.expectedSeconds(cell).seconds, most)))
}

/** Writes the lock file of the matrix. @throws ConfigError when the matrix wants all combinations */
export async function updateLock({
  matrixFile,
  coverage,
}: Pick<SelectedCells, 'matrixFile' | 'coverage'>): Promise<void> {
  if (!coverage)
    throw new ConfigError('a matrix that wants all combinations needs no lock file', {
      position: { file: matrixFile },
      hint: 'coverage: {strength: pairwise} lets fewer cells stand for all',
    })
  const file = lockFile(matrixFile)
  await writeFile(file, lockText(coverage.rows))
  note(`wrote ${file}: ${coverage.rows.length} cells`)
}

interface Totals {
  cells: number
  machineHours: number
  /** How many cells were measured before; the rest is guessed. */
  measured: number
  /** Estimated price of the cells that have one. */
  usd: number
  /** Cells without a known price. */
  unpriced: number
}

function totals({ estimator }: Planned, plans: readonly CellPlan[]): Totals {
  const run: Cell[] = plans.filter((plan) => plan.nothing === undefined).map((plan) => plan.cell)
  const times = run.map((cell) => estimator.expectedSeconds(cell))
  const prices = run.map((cell) => estimator.expectedUsd(cell))
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  return {
    cells: run.length,
    machineHours: Number((sum(times.map(({ seconds }) => seconds)) / 3600).toFixed(2)),
    measured: times.filter(({ measured }) => measured).length,
    usd: Number(sum(prices.map((usd) => usd ?? 0)).toFixed(4)),
    unpriced: prices.filter((usd) => usd === undefined).length,
  }
}

function totalsText({ cells, machineHours, measured, usd, unpriced }: Totals): string {
  const known =
    measured === cells
      ? 'as measured before'
      : measured === 0
        ? 'guessed'
        : `${measured} cells measured before, the rest guessed`
  const priced = unpriced > 0 ? `, and ${unpriced} cells without a known price` : ''
  return `${cells} ${cells === 1 ? 'cell' : 'cells'}, ${machineHours} machine hours (${known}), ${money(usd)} (an estimate)${priced}`
}

function coverageText(coverage: NonNullable<Planned['coverage']>, cells: readonly Cell[]): string {
  const { strength, groups, required, impossible, combinations, valid, since } = coverage
  const what = strength === 1 ? 'values' : strength === 2 ? 'pairs of values' : `combinations of ${strength} values`
  const but = groups.map((group) => `, ${group.axes.join(' and ')} at strength ${group.strength}`).join('')
  const left = impossible > 0 ? `; ${impossible} cannot be` : ''
  const changes = since ? `\nLock file: ${since.kept} cells kept, ${since.added} new, ${since.gone} gone` : ''
  const covered = coveredBy(coverage, idsOf(cells))
  const some = covered === required ? `all ${required}` : `${covered} of ${required}`
  return `They have ${some} ${what}${but}${left}. Of ${combinations.toLocaleString('en')} combinations ${valid.toLocaleString('en')} are possible.${changes}`
}

const idsOf = (cells: readonly Cell[]) => cells.map((cell) => cell.id)

interface Unfit {
  reason: string
  checks: Set<string>
  cells: Set<string>
}

/** Checks that no cell, or not every cell, can judge by, gathered by the reason. */
function inapplicable(plans: readonly CellPlan[]): Unfit[] {
  const byReason = new Map<string, Unfit>()
  for (const { cell, skipped } of plans) {
    for (const { id, reason = '', notSelected } of skipped) {
      if (notSelected) continue
      const known = byReason.get(reason) ?? { reason, checks: new Set(), cells: new Set() }
      byReason.set(reason, known)
      known.checks.add(id)
      known.cells.add(cell.id)
    }
  }
  return [...byReason.values()].sort((a, b) => b.checks.size - a.checks.size)
}

function unfitRow(all: number): (unfit: Unfit) => string[] {
  return ({ reason, checks, cells }) => {
    const names = [...checks].sort()
    const more = names.length > SOME ? `, and ${names.length - SOME} more` : ''
    return [
      `  ${reason}`,
      cells.size === all ? 'all cells' : `${cells.size} of ${all} cells`,
      names.slice(0, SOME).join(', ') + more,
    ]
  }
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`
}

function money(usd: number | undefined): string {
  if (usd === undefined) return 'unknown'
  return usd === 0 ? 'free' : usd < 0.01 ? '<$0.01' : `$${usd.toFixed(2)}`
}
