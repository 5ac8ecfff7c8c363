/** Numbers about this process, in the text format of Prometheus. */
export class Metrics {
  readonly #counters = new Map<string, number>()
  readonly #help = new Map<string, { type: 'counter' | 'gauge'; text: string }>()

  readonly #gauges = new Map<string, () => number | Promise<number>>()

  /** Says what a number is. */
  define(name: string, type: 'counter' | 'gauge', text: string): void {
    this.#help.set(name, { type, text })
  }

  add(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = keyOf(name, labels)
    this.#counters.set(key, (this.#counters.get(key) ?? 0) + by)
  }

  /** A number that is read when somebody asks. */
  gauge(name: string, read: () => number | Promise<number>): void {
    this.#gauges.set(name, read)
  }

  /** All numbers. */
  async text(): Promise<string> {
    const lines: string[] = []
    const all = new Map(this.#counters)
    for (const [name, read] of this.#gauges) all.set(name, await read())
    for (const [name, { type, text }] of this.#help) {
      lines.push(`# HELP ${name} ${text}`, `# TYPE ${name} ${type}`)
      for (const [key, value] of all) if (key === name || key.startsWith(`${name}{`)) lines.push(`${key} ${value}`)
    }
    return `${lines.join('\n')}\n`
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}
