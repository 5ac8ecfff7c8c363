import type { Capability } from '../../instance/machine.ts'
import { type Facts } from '../../instance/facts/facts.ts'
import { isKnown } from '../../instance/facts/unknown-fact.ts'
import { matchesGlob } from '../../matrix/glob.ts'
import type { CellSummary } from '../../results/event.ts'
import type { Applicability } from '../../testing/check.ts'

/** What is known of the place where a check would run. Facts come later than the rest. */
export interface Place {
  cell: Pick<CellSummary, 'platform' | 'boot' | 'distribution' | 'axes'>
  capabilities: ReadonlySet<Capability>
  facts?: Facts
}

/** Why a check does not apply here, or undefined when it does as far as is known. */
export function whyNot(applies: Applicability | undefined, place: Place): string | undefined {
  if (!applies) return undefined
  const { cell, capabilities, facts } = place
  const { platforms, notPlatforms, ownKernel, init, identities } = applies
  if (platforms && !platforms.includes(cell.platform)) return `only on ${platforms.join(', ')}`
  if (notPlatforms?.includes(cell.platform)) return `not on ${cell.platform}`
  const isContainer = cell.boot === 'container' || (facts && isKnown(facts, 'system') && facts.system.container)
  if (ownKernel && (isContainer || !capabilities.has('own-kernel'))) return 'needs its own kernel, this is a container'
  const unlike = identities && whyOtherIdentity(identities, cell.axes?.['identity'])
  if (unlike !== undefined) return unlike
  const elsewhere = Object.entries(applies.axes ?? {}).find(
    ([axis, glob]) => !matchesGlob(cell.axes?.[axis] ?? 'default', glob),
  )
  if (elsewhere) return `only in cells with ${elsewhere.join(': ')}`
  const missing = applies.capabilities?.filter((capability) => !capabilities.has(capability)) ?? []
  if (missing.length > 0) return `${cell.platform} cannot ${missing.join(', ')}`
  const distribution =
    facts && isKnown(facts, 'os') ? facts.os.id : cell.distribution === 'unknown' ? undefined : cell.distribution
  if (applies.distributions && distribution !== undefined && !applies.distributions.includes(distribution)) {
    return `only for ${applies.distributions.join(', ')}`
  }
  if (init && facts && isKnown(facts, 'system')) {
    const found = facts.system.init
    if (!init.some((name) => name === found)) return `needs ${init.join(' or ')}, the init system is ${found}`
  }
  return undefined
}

/** Whether a check is about datasources of clouds and the cell is about none: then it is no part of the cell's plan. */
export function isForOtherCells(applies: Applicability | undefined, cell: Place['cell']): boolean {
  return applies?.identities !== undefined && !hasIdentity(cell.axes?.['identity'])
}

function hasIdentity(identity: string | undefined): identity is string {
  return identity !== undefined && identity !== 'default'
}

function whyOtherIdentity(wanted: 'any' | readonly string[], identity: string | undefined): string | undefined {
  if (!hasIdentity(identity)) return 'needs a machine with the identity of a cloud: the axis `identity`'
  return wanted === 'any' || wanted.includes(identity) ? undefined : `only with the identity ${wanted.join(', ')}`
}
