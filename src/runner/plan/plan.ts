import { findCloud } from '../../imds/clouds.ts'
import type { Capability } from '../../instance/machine.ts'
import type { Cell } from '../../matrix/cell.ts'
import type { CheckRecord, Phase } from '../../results/check-record.ts'
import { type CellPast, isSettled } from '../../results/cell-past.ts'
import { recordKey } from '../../results/run-model.ts'
import type { Check, PolicyCheck, RegressionCheck } from '../../testing/check.ts'
import { isForOtherCells, whyNot } from './applies.ts'
import { judgesBaseline, type LastKnownOf, notSelectedRecord, whyNotSelected } from './not-selected.ts'
import { type OwnGroup, plannedCheck, type PlannedCheck, recordOf, skipOf, type Subject } from './planned-check.ts'

/** Everything that is decided about a cell before anything is launched. Pure data. */
export interface CellPlan {
  cell: Cell
  checks: PlannedCheck[]
  /** Checks that do not apply, each with the reason. */
  skipped: CheckRecord[]
  groups: OwnGroup[]
  /** Whose facts after the reboot are judged. */
  subject: Subject
  needs: { rest: boolean; pair: boolean; snapshot: boolean; warm: boolean; live: boolean }
  /** Set when nothing is left to run: the cell is not launched. */
  nothing?: string
  /** What earlier attempts found. Absent for the first. */
  past?: CellPast
}

/** Where facts come from: what they are of, and as which phases they are judged. */
export interface FactsUse {
  subject: Subject
  file: Phase
  as: readonly Phase[]
}

/**
 * Which facts a cell gathers and how they are used. An upgraded image was cleaned before it booted again,
 * so that boot is judged as a first boot too, which makes it comparable with the image as it came.
 */
export function factsUses(subject: Subject): FactsUse[] {
  return [
    { subject: 'image', file: 'rest', as: ['rest'] },
    { subject: 'image', file: 'first-boot', as: ['first-boot'] },
    { subject, file: 'after-reboot', as: subject === 'image' ? ['after-reboot'] : ['first-boot', 'after-reboot'] },
    { subject: 'image', file: 'pair', as: ['pair'] },
  ]
}

/**
 * Decides what a cell judges. Checks are taken in order of their id; disruptive ones come last in their lane.
 * @param last what earlier runs know, for judgements that are not selected
 */
export function planCell(
  cell: Cell,
  declared: Iterable<Check>,
  capabilities: ReadonlySet<Capability>,
  last?: LastKnownOf,
): CellPlan {
  const subject: Subject = cell.agentSource.kind === 'none' ? 'image' : 'upgraded'
  const plan: CellPlan = {
    cell,
    checks: [],
    skipped: [],
    groups: [],
    subject,
    needs: { rest: false, pair: false, snapshot: false, warm: false, live: false },
  }
  const sorted = [...declared].sort((a, b) => a.id.localeCompare(b.id))
  let elsewhere = 0
  for (const check of sorted) {
    if (!cell.suites.includes(check.suite)) continue
    if (isForOtherCells(check.info.applies, cell)) elsewhere++
    else if (check.suite === 'policy') planPolicy(plan, check, capabilities, last)
    else planRegression(plan, check, capabilities, last)
  }
  const disruptive = new Set(
    sorted.filter((check) => check.suite === 'regression' && check.info.disruptive).map((check) => check.id),
  )
  plan.checks.sort((a, b) => Number(disruptive.has(a.id)) - Number(disruptive.has(b.id)))
  plan.needs = needsOf(plan.checks, plan.groups)
  const judged = cell.suites.filter((suite) => suite !== 'logs')
  if (judged.length > 0 && plan.checks.length === 0 && !cell.suites.includes('logs')) {
    plan.nothing = `none of the ${plan.skipped.length} checks applies here${elsewhere > 0 ? `, ${elsewhere} more ${elsewhere === 1 ? 'is' : 'are'} for cells with the axis identity` : ''}`
  }
  return plan
}

/** The plan of the next attempt: everything again, or only what did not hold when the rest stands. */
export function planAgain(plan: CellPlan, past: CellPast): CellPlan {
  if (!past.keeps) return { ...plan, past }
  const settled = new Set(past.records.filter(({ record }) => isSettled(record)).map(({ record }) => recordKey(record)))
  const checks = plan.checks.filter((planned) => !settled.has(recordKey(recordOf(planned, 'miss'))))
  const lanes = new Set(checks.map((planned) => planned.lane))
  const groups = plan.groups.filter((group) => lanes.has(`own:${group.name}`))
  return { ...plan, checks, skipped: [], groups, needs: needsOf(checks, groups), past }
}

/** What a cell has to prepare for some checks. */
export function needsOf(checks: readonly PlannedCheck[], groups: readonly OwnGroup[]): CellPlan['needs'] {
  return {
    rest: checks.some((check) => check.phase === 'rest'),
    pair: checks.some((check) => check.phase === 'pair' || check.baseline),
    snapshot: groups.some((group) => !group.warm),
    warm: groups.some((group) => group.warm),
    live: checks.some((check) => check.suite === 'regression'),
  }
}

function planPolicy(
  plan: CellPlan,
  check: PolicyCheck,
  capabilities: ReadonlySet<Capability>,
  last?: LastKnownOf,
): void {
  const phases = new Set<Phase>(typeof check.info.phase === 'string' ? [check.info.phase] : check.info.phase)
  const reason = whyNot(check.info.applies, { cell: plan.cell, capabilities })
  const uses = factsUses(plan.subject).flatMap(({ subject, as }) => as.map((phase) => ({ subject, phase })))
  for (const { subject, phase } of uses) {
    if (!phases.has(phase)) continue
    const planned = plannedCheck(check, { phase, subject, lane: 'policy', timeoutMs: 10_000 })
    const why =
      reason ??
      (phase === 'rest' && !capabilities.has('at-rest')
        ? `${plan.cell.platform} cannot open an image at rest`
        : undefined)
    const by = why === undefined ? whyNotSelected(plan.cell, check, phase) : undefined
    if (by !== undefined) plan.skipped.push(notSelectedRecord(planned, by, plan.cell.id, last))
    else if (why === undefined) plan.checks.push(planned)
    else plan.skipped.push(skipOf(planned, why))
  }
  if (phases.has('outside')) {
    const planned = plannedCheck(check, { phase: 'outside', subject: 'image', lane: 'policy', timeoutMs: 10_000 })
    plan.skipped.push(skipOf(planned, 'nothing looks at this platform from outside'))
  }
}

function planRegression(
  plan: CellPlan,
  check: RegressionCheck,
  capabilities: ReadonlySet<Capability>,
  last?: LastKnownOf,
): void {
  const { cell, subject } = plan
  const own = check.info.instance === 'own' || mayHaveCopy(check, plan, capabilities)
  // The first check of an own instance waits for its boot.
  const { checkMs, bootMs, pace = 1 } = cell.timeouts
  const asked = check.info.timeoutMs === undefined ? checkMs : check.info.timeoutMs * pace
  const timeoutMs = asked + (own ? bootMs * pace : 0)
  const group = own ? (check.info.group ?? check.id) : undefined
  const planned = plannedCheck(check, { subject, lane: group === undefined ? 'shared' : `own:${group}`, timeoutMs })
  const reason = whyNot(check.info.applies, { cell, capabilities }) ?? whyNoOwnInstance(check, cell, capabilities)
  if (reason !== undefined) {
    plan.skipped.push(skipOf(planned, reason))
    return
  }
  const by = whyNotSelected(cell, check)
  if (by !== undefined) {
    plan.skipped.push(notSelectedRecord(planned, by, cell.id, last))
    return
  }
  plan.checks.push(planned)
  if (group !== undefined) addToGroup(plan, group, check, capabilities)
  else if (subject === 'upgraded' && !check.info.disruptive && judgesBaseline(cell)) {
    plan.checks.push(plannedCheck(check, { subject: 'image', baseline: true, lane: 'baseline', timeoutMs }))
  }
}

/** A disruptive check of the shared instance gets a copy to spoil where that costs no boot. */
function mayHaveCopy({ info }: RegressionCheck, { cell }: CellPlan, capabilities: ReadonlySet<Capability>): boolean {
  return info.warm === true && info.disruptive === true && canContinue(cell, capabilities)
}

/** Whether copies of a machine of this cell can continue from its memory. */
function canContinue(cell: Cell, capabilities: ReadonlySet<Capability>): boolean {
  return capabilities.has('warm-start') && !cell.disks?.length
}

function whyNoOwnInstance(
  check: RegressionCheck,
  cell: Cell,
  capabilities: ReadonlySet<Capability>,
): string | undefined {
  if (check.info.instance !== 'own') return undefined
  const needed: Capability[] = ['snapshot']
  if (check.info.userData !== undefined) needed.push('user-data')
  if (check.info.vendorData !== undefined) needed.push('vendor-data')
  if (check.info.networkConfig !== undefined) needed.push('network-config')
  if (cloudOf(check, cell)?.ipv6) needed.push('ipv6')
  const missing = needed.filter((capability) => !capabilities.has(capability))
  return missing.length > 0 ? `an own instance needs ${missing.join(', ')}, which the platform cannot do` : undefined
}

/** What a check wants of the cloud that its own instance believes to be on. */
function cloudOf({ info }: RegressionCheck, { axes }: Cell): OwnGroup['cloud'] {
  if (typeof info.cloud !== 'function') return info.cloud
  const identity = axes?.['identity']
  return identity === undefined ? undefined : info.cloud(findCloud(identity).name)
}

function addToGroup(
  { groups, cell }: CellPlan,
  name: string,
  check: RegressionCheck,
  capabilities: ReadonlySet<Capability>,
): void {
  let group = groups.find((known) => known.name === name)
  if (!group) {
    groups.push((group = { name, userData: [], ...(canContinue(cell, capabilities) ? { warm: true } : {}) }))
  }
  const { userData, vendorData, networkConfig, warm } = check.info
  const cloud = cloudOf(check, cell)
  const fresh = [userData, vendorData, networkConfig, cloud].some((data) => data !== undefined)
  if (!warm || fresh) delete group.warm
  if (userData !== undefined && !group.userData.includes(userData)) group.userData.push(userData)
  if (vendorData !== undefined) group.vendorData ??= vendorData
  if (networkConfig !== undefined) group.networkConfig ??= networkConfig
  if (cloud !== undefined) group.cloud ??= cloud
}
