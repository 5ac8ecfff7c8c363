/** Writes to stdout and resolves when the reader has taken it, so that a slow pipe does not fill memory; or has gone away. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text.endsWith('\n') ? text : `${text}\n`) || unread.has(process.stdout)) return resolve()
    const done = () => {
      for (const event of ENDS) process.stdout.off(event, done)
      resolve()
    }
    for (const event of ENDS) process.stdout.on(event, done)
  })
}

const ENDS = ['drain', 'error', 'close'] as const

/** Writes `value` as indented JSON. */
export function printJson(value: unknown): Promise<void> {
  return print(JSON.stringify(value, undefined, 2))
}

/** Writes a line for people to stderr, where it does not disturb piped data. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Rows with aligned columns; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)))
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What a write says when its reader went away: a pipe, or a terminal. */
const GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])
const unread = new Set<NodeJS.WriteStream>()

/** A reader that goes away, as in `harness run | head`, is no error: the work goes on, and its verdict stays. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.has(error.code)) throw error
      unread.add(stream)
    })
  }
}
