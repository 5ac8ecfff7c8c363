/** The part of a terminal stream that we use; `process.stderr` and `process.stdout` fit. */
export interface TerminalStream {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  rows?: number
}

const BEGIN_UPDATE = '\u001B[?2026h'
const END_UPDATE = '\u001B[?2026l'
const HIDE_CURSOR = '\u001B[?25l'
const SHOW_CURSOR = '\u001B[?25h'

/**
 * Keeps a block of lines at the bottom of a terminal. Each redraw is one write that overwrites the old lines in place,
 * so nothing flickers; the cursor comes back when the process ends, however it ends short of SIGKILL.
 */
export class TerminalBlock {
  private drawn = 0
  private last = ''
  private open = false
  private readonly stream: TerminalStream
  private readonly restore = () => this.close()

  constructor(stream: TerminalStream) {
    this.stream = stream
  }

  /** Prints `above` for good and redraws the block below it. */
  draw(block: readonly string[], above: readonly string[] = []): void {
    const text = block.join('\n')
    if (this.open && above.length === 0 && text === this.last) return
    let out = BEGIN_UPDATE
    if (!this.open) {
      this.open = true
      process.once('exit', this.restore)
      out += HIDE_CURSOR
    }
    out += this.drawn > 0 ? `\u001B[${this.drawn}F` : ''
    for (const line of [...above, ...block]) out += `${line}\u001B[K\n`
    this.stream.write(`${out}\u001B[J${END_UPDATE}`)
    this.drawn = block.length
    this.last = text
  }

  /** Removes the block and gives the cursor back. */
  close(): void {
    if (!this.open) return
    this.open = false
    process.removeListener('exit', this.restore)
    this.stream.write(`${this.drawn > 0 ? `\u001B[${this.drawn}F` : ''}\u001B[J${SHOW_CURSOR}`)
    this.drawn = 0
  }
}
