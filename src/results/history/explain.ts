/** One judgement: where it was made, and whether there was trouble. */
export interface Sample {
  /** Value by axis. */
  axes: Readonly<Record<string, string>>
  bad: boolean
}

/** The place that explains trouble: one value of an axis, or one of each of two. */
export interface Explanation {
  where: { axis: string; value: string }[]
  inside: { bad: number; total: number }
  outside: { bad: number; total: number }
  /** Chance to see so uneven a split by accident, after every place that was tried: at most 0.05. */
  chance: number
}

/** More unlikely is no accident. */
const LEAST_CHANCE = 0.05

/**
 * Finds the place where trouble is, if it is not everywhere: for each value of each axis, and each two of them, Fisher's exact test
 * tells how likely so many bad samples inside are when place makes no difference. The least likely one wins, corrected for how many
 * were tried; of equal ones the simpler, then the one whose axis comes first.
 */
export function explain(samples: readonly Sample[]): Explanation | undefined {
  const bad = samples.filter((sample) => sample.bad).length
  if (bad === 0 || bad === samples.length) return undefined
  const single = placesOf(samples)
  const pairs = single.flatMap((one, index) =>
    single.slice(index + 1).flatMap((other) => (other[0]?.axis === one[0]?.axis ? [] : [[...one, ...other]])),
  )
  let best: Explanation | undefined
  const tries = single.length + pairs.length
  for (const where of [...single, ...pairs]) {
    const found = measure(samples, where, bad)
    if (!found) continue
    const chance = Math.min(1, found.chance * tries)
    // Two values must say clearly more than one.
    const margin = best && where.length > best.where.length ? 0.1 : 1
    if (!best || chance < best.chance * margin * (1 - 1e-9)) best = { ...found, chance }
  }
  return best && best.chance <= LEAST_CHANCE ? best : undefined
}

type Place = Explanation['where']

function placesOf(samples: readonly Sample[]): Place[] {
  const axes = new Map<string, Set<string>>()
  for (const { axes: own } of samples)
    for (const [axis, value] of Object.entries(own)) axes.set(axis, (axes.get(axis) ?? new Set()).add(value))
  return [...axes].flatMap(([axis, values]) =>
    values.size < 2 ? [] : [...values].sort().map((value) => [{ axis, value }]),
  )
}

function measure(samples: readonly Sample[], where: Place, bad: number): Explanation | undefined {
  const inside = samples.filter(({ axes }) => where.every(({ axis, value }) => axes[axis] === value))
  const badInside = inside.filter((sample) => sample.bad).length
  const outside = { bad: bad - badInside, total: samples.length - inside.length }
  if (inside.length === 0 || outside.total === 0) return undefined
  if (badInside / inside.length <= outside.bad / outside.total) return undefined
  const chance = atLeast(badInside, inside.length, bad, samples.length)
  return { where, inside: { bad: badInside, total: inside.length }, outside, chance }
}

/** Chance that of `drawn` samples, taken blindly from `total` with `bad` bad ones, at least `hits` are bad. */
export function atLeast(hits: number, drawn: number, bad: number, total: number): number {
  const all = logChoose(total, drawn)
  let sum = 0
  for (let k = hits; k <= Math.min(drawn, bad); k++)
    sum += Math.exp(logChoose(bad, k) + logChoose(total - bad, drawn - k) - all)
  return Math.min(1, sum)
}

function logChoose(n: number, k: number): number {
  return k < 0 || k > n ? -Infinity : logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

const factorials = [0]

function logFactorial(n: number): number {
  for (let k = factorials.length; k <= n; k++) factorials.push((factorials[k - 1] ?? 0) + Math.log(k))
  return factorials[n] ?? 0
}
