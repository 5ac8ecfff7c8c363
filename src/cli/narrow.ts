import { ConfigError } from '../core/errors.ts'
import { plural } from '../core/text.ts'
import type { Cell, OnlyChecks } from '../matrix/cell.ts'
import type { Estimator } from '../matrix/estimate.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'
import type { EarlierRuns } from '../results/earlier-runs.ts'
import type { NotSelectedCell } from '../results/not-selected.ts'
import { summaryOf } from '../runner/cell/cell-stage.ts'
import type { LastKnownOf } from '../runner/plan/not-selected.ts'
import type { SpendSettings } from '../runner/schedule/spend-settings.ts'
import type { OptionValues } from './command.ts'
import type { NARROW_OPTIONS } from './narrow-options.ts'

type Given = OptionValues<typeof NARROW_OPTIONS>

/** The part of a matrix that is to run, and what is known of the rest. */
export interface Narrowed {
  cells: Cell[]
  notSelected: NotSelectedCell[]
  spend: SpendSettings
  lastKnown: LastKnownOf
  /** What was decided, for people, one fact a line. */
  decisions: string[]
}

interface Left {
  cell: Cell
  by: string
}

/** Chooses cells and checks by tier, change, share and budget. @throws ConfigError */
export async function narrow(
  cells: readonly Cell[],
  { matrix }: Pick<LoadedMatrix, 'matrix'>,
  options: Given,
  known: {
    earlier: EarlierRuns
    estimator: Estimator
    /** Whether the cells come in an order of which any beginning is a good buy. */
    ordered: boolean
  },
): Promise<Narrowed> {
  refuseLonely(options)
  const decisions: string[] = []
  const left: Left[] = []
  let chosen = [...cells]
  if (options['changed-since'] !== undefined || options.share !== undefined) {
    const picked = await byChangeAndShare(chosen, options, known.earlier)
    chosen = picked.chosen
    left.push(...picked.left)
    decisions.push(...picked.decisions)
  }
  const usd = (cell: Cell) => known.estimator.expectedUsd(cell)
  if (options['budget-usd'] !== undefined) {
    const budget = readBudget(options['budget-usd'])
    const { budgetLines, byWorth, cutToBudget } = await import('../cost/budget-cut.ts')
    const price = (cell: Cell) => usd(cell) ?? refuseUnpriced(cell)
    const bought = cutToBudget(known.ordered ? chosen : byWorth(chosen, price), budget, price)
    chosen = bought.kept
    left.push(...bought.cut.map((cell) => ({ cell, by: `budget of $${budget.toFixed(2)}` })))
    decisions.push(...budgetLines(bought, budget))
  }
  const { oldPrices } = await import('../cost/prices.ts')
  const old = oldPrices(chosen)
  if (old !== undefined) decisions.push(`Estimates use ${old}; give newer ones under prices in the matrix.`)
  const estimates = Object.fromEntries(
    chosen.map((cell) => [cell.id, usd(cell) ?? 0] as const).filter(([, sum]) => sum > 0),
  )
  const { prices, budget } = matrix
  const { limits, notes } = await knownLimits(chosen, matrix.limits)
  decisions.push(...notes)
  return {
    cells: chosen,
    notSelected: left.map(({ cell, by }) => {
      const last = known.earlier.cell(cell.id)
      return { cell: summaryOf(cell), by, ...(last ? { last } : {}) }
    }),
    spend: {
      ...(limits && Object.keys(limits).length > 0 ? { limits } : {}),
      ...(prices ? { prices } : {}),
      ...(budget ? { budget } : {}),
      estimates,
    },
    lastKnown: (cell, key) => known.earlier.check(cell, key),
    decisions,
  }
}

/** Limits of the matrix, and of the accounts that the cells use. */
async function knownLimits(cells: readonly Cell[], limits: SpendSettings['limits']) {
  const { platforms } = await import('../platforms/registry.gen.ts')
  const metered = cells.filter(
    ({ platform }) => Object.entries(platforms).find(([name]) => name === platform)?.[1].manifest.quotas,
  )
  if (metered.length === 0) return { limits, notes: [] }
  const [{ regionOf }, { withAccountQuotas }] = await Promise.all([
    import('../cost/estimator.ts'),
    import('../limits/account-quotas.ts'),
  ])
  const places = metered.map((cell) => {
    const region = regionOf(cell)
    const options = region === undefined ? cell.platformOptions : { ...cell.platformOptions, region }
    return { platform: cell.platform, region: region ?? 'default', options }
  })
  return await withAccountQuotas(limits ?? {}, places)
}

async function byChangeAndShare(
  cells: readonly Cell[],
  options: Given,
  earlier: EarlierRuns,
): Promise<{ chosen: Cell[]; left: Left[]; decisions: string[] }> {
  const [{ inShare, parseDay, parseShare }, changed] = await Promise.all([
    import('../selection/share.ts'),
    options['changed-since'] === undefined ? undefined : byChange(cells, options['changed-since'], options, earlier),
  ])
  const decisions = [...(changed?.decisions ?? [])]
  const chosen = new Map<string, Cell>((changed?.selected ?? []).map((cell) => [cell.id, cell]))
  let share: string | undefined
  if (options.share !== undefined) {
    const parts = parseShare(options.share)
    const day = options.day === undefined ? new Date() : parseDay(options.day)
    const tonight = cells.filter((cell) => inShare(cell.id, parts, day))
    for (const cell of tonight) chosen.set(cell.id, cell)
    share = `share ${options.share} of ${day.toISOString().slice(0, 10)}`
    decisions.push(`${capital(share)}: ${tonight.length} of ${cells.length} cells.`)
  }
  const why = (cell: Cell) => [changed?.left.get(cell.id), share].filter(Boolean).join(' and ')
  return {
    chosen: cells.flatMap((cell) => chosen.get(cell.id) ?? []),
    left: cells.filter((cell) => !chosen.has(cell.id)).map((cell) => ({ cell, by: why(cell) })),
    decisions,
  }
}

async function byChange(
  cells: readonly Cell[],
  since: string,
  options: Given,
  earlier: EarlierRuns,
): Promise<{ selected: Cell[]; left: Map<string, string>; decisions: string[] }> {
  const [{ changedPaths }, { loadRules }, { selectByChange }] = await Promise.all([
    import('../selection/changed-paths.ts'),
    import('../selection/rules.ts'),
    import('../selection/by-change.ts'),
  ])
  const repo = options.repo ?? '../cloud-init'
  const rules = await loadRules(options['change-rules'])
  const paths = await changedPaths(repo, since)
  const failing = new Set(
    cells.map(({ id }) => id).filter((id) => ['fail', 'error'].includes(earlier.cell(id)?.status ?? '')),
  )
  const { selected, left, applied } = selectByChange(cells, paths, rules, failing)
  return {
    selected: selected.map(({ cell, onlyChecks }) => (onlyChecks ? byRule(cell, onlyChecks) : cell)),
    left: new Map(left.map(({ cell, by }) => [cell.id, by])),
    decisions: [
      `${plural(paths.length, 'changed path')} in ${repo} since ${since}: ${selected.length} of ${cells.length} cells.`,
      ...applied.map(
        (one) =>
          `  rule ${one.rule}: ${some(one.paths)}: ${plural(one.cells.length, 'cell')}${one.fellBack ? '; it names none of this matrix, so the default was taken' : ''}`,
      ),
    ],
  }
}

/** A change rule takes the place of what the matrix says. */
function byRule(cell: Cell, onlyChecks: OnlyChecks): Cell {
  return { ...cell, onlyChecks, onlyChecksAt: [] }
}

/** Options that mean nothing without another one are slips. */
function refuseLonely(options: Given): void {
  for (const [lonely, other] of [
    ['repo', 'changed-since'],
    ['change-rules', 'changed-since'],
    ['day', 'share'],
  ] as const) {
    if (options[lonely] !== undefined && options[other] === undefined)
      throw new ConfigError(`--${lonely} needs --${other}`, { hint: 'harness run --help' })
  }
}

function readBudget(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new ConfigError(`--budget-usd cannot be "${text}"`, { hint: 'give a sum in US dollars, for example 2.50' })
}

function refuseUnpriced({ platform, instanceType, id }: Cell): never {
  throw new ConfigError(`nobody knows what ${id} costs, so no budget can be kept`, {
    hint: `say it in the matrix: prices.${platform}.usd-per-hour.${instanceType}, or "*" for any type`,
  })
}

function some(list: readonly string[]): string {
  return list.slice(0, 3).join(', ') + (list.length > 3 ? `, and ${list.length - 3} more` : '')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
