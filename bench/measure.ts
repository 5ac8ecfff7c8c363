/** Numbers of one thing measured several times. */
export interface Sample {
  name: string
  values: number[]
}

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

/** Milliseconds `work` takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/**
 * Measures several things in alternation, so that a change of the machine's mood hits all of them alike.
 * The first round warms caches and is thrown away unless `warmUp` is false.
 */
export async function alternate(
  rounds: number,
  contenders: Readonly<Record<string, () => Promise<number>>>,
  options: { warmUp?: boolean } = {},
): Promise<Record<string, Sample>> {
  const samples: Record<string, Sample> = {}
  for (const name of Object.keys(contenders)) samples[name] = { name, values: [] }
  const first = options.warmUp === false ? 0 : -1
  for (let round = first; round < rounds; round++) {
    const names = Object.keys(contenders)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await contenders[name]?.()
      if (round >= 0 && value !== undefined) samples[name]?.values.push(value)
    }
  }
  return samples
}

/** One line: name, median, range and count. */
export function line(sample: Sample, unit: 'ms' | 's' | 'MiB/s' | 'MiB'): string {
  const shown = (value: number) => (unit === 's' ? (value / 1000).toFixed(2) : value.toFixed(unit === 'ms' ? 2 : 1))
  const { values } = sample
  return `${sample.name.padEnd(44)} ${shown(median(values)).padStart(9)} ${unit}   (${shown(Math.min(...values))} to ${shown(Math.max(...values))}, n=${values.length})`
}

/** Prints `what: ratio (target: ...)` and whether the target was met. Returns whether it was. */
export function verdict(what: string, value: number, target: number, unit = 'x'): boolean {
  const met = value <= target
  console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${value.toFixed(2)}${unit} (target: at most ${target}${unit})`)
  return met
}
