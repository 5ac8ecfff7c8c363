/** What the machines of one attempt at a cell came to. */
export interface Usage {
  machines: number
  /** Seconds that the machines existed, added up. */
  seconds: number
  /** What they cost, where a price is known. Always an estimate. */
  usd?: number
  /** Where the price comes from, for people. */
  basis?: string
}

/** Two uses together; those of earlier attempts count too. */
export function addUsage(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (!one || !other) return one ?? other
  const basis = other.basis ?? one.basis
  return {
    machines: one.machines + other.machines,
    seconds: one.seconds + other.seconds,
    ...(one.usd === undefined && other.usd === undefined ? {} : { usd: (one.usd ?? 0) + (other.usd ?? 0) }),
    ...(basis === undefined ? {} : { basis }),
  }
}

/** Dollars for people: `$0.0042`, `$1.27`. Call it an estimate. */
export function usdText(usd: number): string {
  return `$${usd >= 1 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(2)}`
}
