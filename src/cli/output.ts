/** Writes to stdout and resolves when the reader has taken it, so that a slow pipe does not fill memory. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)) resolve()
    else process.stdout.once('drain', resolve)
  })
}

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

/** Lets `harness list | head` end quietly: a reader that went away is not an error. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
      throw error
    })
  }
}
