import { DEFAULT } from './cell-id.ts'
import { isForPlatform, parseDisks, parseNics } from './axes.ts'

/** What a platform says of itself, as far as a matrix is concerned. */
export interface PlatformFacts {
  /** How machines boot, the default first. */
  boots: readonly string[]
  capabilities: readonly string[]
  /** Axes it understands besides the general ones, with their values. */
  axes?: Readonly<Record<string, readonly string[] | 'any'>>
  /** What it can run, as Debian spells it. Default anything. */
  architectures?: readonly string[]
}

/** Values of an axis that a platform cannot make true, by the reason. */
export function refusals(
  platform: string,
  facts: PlatformFacts,
  axis: string,
  values: readonly string[],
  architectures: readonly string[] | undefined,
): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const value of values) {
    if (value === DEFAULT) continue
    const reason = refusal(platform, { ...facts, ...(architectures ? { architectures } : {}) }, axis, value)
    if (reason !== undefined) found.set(reason, [...(found.get(reason) ?? []), value])
  }
  return found
}

function refusal(platform: string, facts: PlatformFacts, axis: string, value: string): string | undefined {
  const can = facts.capabilities
  const offered = facts.axes?.[axis]
  switch (axis) {
    case 'boot':
      return facts.boots.includes(value) ? undefined : `${platform} boots ${facts.boots.join(' or ')}, not ${value}`
    case 'architecture':
      if (facts.architectures?.includes(value) ?? true) return undefined
      return `${platform} runs ${facts.architectures?.join(', ')} here, not ${value}`
    case 'disk':
      if (parseDisks(value)) return can.includes('extra-disk') ? undefined : `${platform} cannot extra-disk`
      break
    case 'nic':
      if (parseNics(value) !== undefined) return can.includes('extra-nic') ? undefined : `${platform} cannot extra-nic`
      break
    default:
      if (!isForPlatform(axis)) return undefined
  }
  if (offered === 'any' || offered?.includes(value)) return undefined
  return offered
    ? `${platform} knows the ${axis} ${offered.join(', ')}, not ${value}`
    : `${platform} has no choice of ${axis}`
}
