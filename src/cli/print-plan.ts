import type { Cell } from '../matrix/cell.ts'
import { planRun } from '../runner/run.ts'
import { print, printJson, table } from './output.ts'

interface Excluded {
  id: string
  reason: string
}

/** Prints the cells a run would test, for people. */
export async function printPlan(cells: readonly Cell[], excluded: readonly Excluded[]): Promise<void> {
  const { plans } = await planRun(cells)
  const rows = plans.map(({ cell, checks, skipped, nothing }) => {
    const judged = new Set(checks.filter((check) => !check.baseline).map((check) => check.id)).size
    const left = new Set(skipped.map((record) => record.id)).size
    return [cell.id, `${cell.agentName} ${cell.agent.source}`, nothing ?? `${judged} checks, ${left} do not apply`]
  })
  await print(table([['CELL', 'AGENT', 'JUDGED BY'], ...rows]))
  if (excluded.length > 0) await print(`\nLeft out:\n${table(excluded.map(({ id, reason }) => [`  ${id}`, reason]))}`)
}

/** The same for programs, with each check and each reason. */
export async function printPlanJson(cells: readonly Cell[], excluded: readonly Excluded[]): Promise<void> {
  const { plans } = await planRun(cells)
  await printJson({
    cells: plans.map(({ cell, checks, skipped, nothing }) => ({
      ...cell,
      checks: checks.map(({ id, suite, phase, subject, baseline }) => ({ id, suite, phase, subject, baseline })),
      skipped: skipped.map(({ id, phase, reason }) => ({ id, phase, reason })),
      nothing,
    })),
    excluded,
  })
}
