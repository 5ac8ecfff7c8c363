import type { Status } from '../status.ts'
import { explain, type Explanation, type Sample } from './explain.ts'
import type { CellOutcome } from './read-history.ts'

/** How something was judged over many runs. */
export interface Tally {
  /** Judgements; what was skipped or not judged is none. */
  judged: number
  failed: number
  /** Passed only when judged again. */
  flaky: number
  /** How often the same cell changed between passing and failing from one run to the next. */
  flips: number
  /** `flaky` of `judged`. */
  flakeRate: number
  /** Ids of the newest runs in which it failed or was flaky. */
  trouble: string[]
}

export interface CheckTally extends Tally {
  id: string
  /** Where the trouble is, when it is not everywhere and no accident. */
  explanation?: Explanation
}

export interface CellTally extends Tally {
  id: string
  /** The newest last. */
  statuses: (Status | 'flaky')[]
  /** Milliseconds: the median of the attempts that passed. */
  usualMs: number | undefined
}

export interface History {
  runs: number
  from: string | undefined
  to: string | undefined
  checks: CheckTally[]
  cells: CellTally[]
}

interface Judgement extends Sample {
  runId: string
  cell: string
  failed: boolean
  flaky: boolean
}

/** Gathers what runs tell, one run at a time and oldest first, and keeps only what is needed to sum it up. */
export class HistoryGatherer {
  #runs = new Set<string>()
  #from: string | undefined
  #to: string | undefined
  readonly #checks = new Map<string, Judgement[]>()
  readonly #cells = new Map<string, { judgements: Judgement[]; statuses: (Status | 'flaky')[]; times: number[] }>()

  take({ runId, at, cell, axes, status, flaky, durationMs, checks }: CellOutcome): void {
    this.#runs.add(runId)
    this.#from ??= at
    this.#to = at
    const known = this.#cells.get(cell.id) ?? { judgements: [], statuses: [], times: [] }
    this.#cells.set(cell.id, known)
    known.statuses.push(flaky ? 'flaky' : status)
    if (status === 'pass') known.times.push(durationMs)
    push(known.judgements, { runId, cell: cell.id, axes, status, flaky })
    for (const check of checks) {
      const judgements = this.#checks.get(check.id) ?? []
      this.#checks.set(check.id, judgements)
      push(judgements, { runId, cell: cell.id, axes, status: check.status, flaky: check.flaky })
    }
  }

  /** Everything, the most trouble first. */
  history(): History {
    const checks = [...this.#checks].map(([id, judgements]): CheckTally => {
      const explanation = explain(judgements)
      return { id, ...sumUp(judgements), ...(explanation ? { explanation } : {}) }
    })
    const cells = [...this.#cells].map(([id, { judgements, statuses, times }]): CellTally => {
      const usualMs = times.sort((a, b) => a - b)[times.length >> 1]
      return { id, ...sumUp(judgements), statuses, usualMs }
    })
    return {
      runs: this.#runs.size,
      from: this.#from,
      to: this.#to,
      checks: checks.sort(worse),
      cells: cells.sort(worse),
    }
  }
}

function push(
  judgements: Judgement[],
  { runId, cell, axes, status, flaky }: Omit<Judgement, 'bad' | 'failed'> & { status: Status },
): void {
  if (status !== 'pass' && status !== 'fail' && status !== 'error') return
  const failed = status !== 'pass'
  judgements.push({ runId, cell, axes, failed, flaky, bad: failed || flaky })
}

function sumUp(judgements: readonly Judgement[]): Tally {
  const flaky = judgements.filter((one) => one.flaky).length
  return {
    judged: judgements.length,
    failed: judgements.filter((one) => one.failed).length,
    flaky,
    flips: flipsOf(judgements),
    flakeRate: judgements.length === 0 ? 0 : flaky / judgements.length,
    trouble: [...new Set(judgements.filter((one) => one.bad).map(({ runId }) => runId))].slice(-5).reverse(),
  }
}

function flipsOf(judgements: readonly Judgement[]): number {
  const last = new Map<string, boolean>()
  let flips = 0
  for (const { cell, failed } of judgements) {
    const before = last.get(cell)
    if (before !== undefined && before !== failed) flips++
    last.set(cell, failed)
  }
  return flips
}

function worse(a: Tally & { id: string }, b: Tally & { id: string }): number {
  return b.failed + b.flaky - (a.failed + a.flaky) || b.flips - a.flips || (a.id < b.id ? -1 : 1)
}
