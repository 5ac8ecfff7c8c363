import { ConfigError } from '../../core/errors.ts'
import { findWaiver, type Waiver } from '../../matrix/waivers.ts'
import { type CellPlan, needsOf } from './plan.ts'
import { type PlannedCheck, recordOf } from './planned-check.ts'

/**
 * Leaves out the checks whose waivers say that running them would do harm, each with that reason.
 * @throws ConfigError for checks that change nothing: reading facts or logs cannot do harm
 */
export function withoutHarm(plan: CellPlan, waivers: readonly Waiver[]): CellPlan {
  const skips = waivers.filter((waiver) => waiver.skip !== undefined)
  if (skips.length === 0) return plan
  const left: PlannedCheck[] = []
  const skipped = [...plan.skipped]
  for (const planned of plan.checks) {
    const waiver = findWaiver(planned.id, plan.cell.id, skips)
    if (!waiver) {
      left.push(planned)
      continue
    }
    refuseHarmless(planned.suite, waiver)
    const { skip, tracker, until } = waiver
    skipped.push(recordOf(planned, 'skip', `not run, because it would do harm: ${skip} (${tracker}, until ${until})`))
  }
  const lanes = new Set(left.map(({ lane }) => lane))
  const groups = plan.groups.filter(({ name }) => lanes.has(`own:${name}`))
  return { ...plan, checks: left, skipped, groups, needs: needsOf(left, groups) }
}

function refuseHarmless(suite: PlannedCheck['suite'], { check, position }: Waiver): void {
  if (suite === 'regression') return
  throw new ConfigError(`${check} only reads facts, so running it does no harm`, {
    ...(position ? { position } : {}),
    hint: 'remove `skip`: a waived check is judged, and does not count',
  })
}
