import type { Phase } from '../../results/check-record.ts'
import type { Tier } from '../../matrix/tier.ts'
import type { Check } from '../../testing/check.ts'

/** A check that takes longer than this is not for a smoke run. */
const SHORT_MS = 2 * 60_000

/**
 * The smallest tier that makes a judgement. What a check says itself wins. Facts of the one machine under test are judged in no time,
 * so they belong to every tier; a second machine, an instance of one's own and disruption cost more.
 */
export function tierOf(check: Check, phase?: Phase): Tier {
  const { info } = check
  if (info.tier) return info.tier
  if (check.suite === 'policy') return phase === 'pair' || phase === 'outside' ? 'standard' : 'smoke'
  const { instance, disruptive = false, timeoutMs = 0, severity } = check.info
  if (severity === 'minor') return 'full'
  if (severity === 'major') return disruptive ? 'full' : 'standard'
  return instance === 'own' || disruptive || timeoutMs > SHORT_MS ? 'standard' : 'smoke'
}

/** The smallest tier that judges the unmodified image beside the upgraded one: it needs a second machine. */
export const BASELINE_TIER: Tier = 'standard'
