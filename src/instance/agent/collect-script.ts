import type { CollectEntry } from './agents.ts'

/** An entry as it came over the line, not yet masked. */
export interface CollectedPart {
  index: number
  /** Exit code of the command; for a file 0, or 66 when it cannot be read. */
  exitCode: number
  /** Bytes the instance had, as far as it knows. */
  bytes: number
  truncated: boolean
  text: string
}

/**
 * One POSIX sh script that prints every entry, each between marks that hold `mark`, a word the guest cannot guess.
 * It stops at nothing: what cannot be read is reported in its closing mark. Each command has ten seconds.
 * @param pace how many times longer than on usual hardware commands may take
 */
export function collectScript(
  entries: readonly { index: number; entry: CollectEntry; maxBytes: number }[],
  mark: string,
  pace = 1,
): string {
  return [
    'export LC_ALL=C.UTF-8 PAGER=cat SYSTEMD_PAGER= SYSTEMD_COLORS=0 TERM=dumb',
    `if command -v timeout >/dev/null 2>&1; then limit='timeout ${Math.ceil(10 * pace)}'; else limit=; fi`,
    `part() { printf '\\n%s start %s\\n' '${mark}' "$1"; }`,
    `done_() { printf '\\n%s end %s %s %s %s\\n' '${mark}' "$1" "$2" "$3" "$4"; }`,
    FILE_FUNCTION,
    COMMAND_FUNCTION,
    ...entries.map(({ index, entry, maxBytes }) =>
      entry.path === undefined
        ? `command_ ${index} ${maxBytes} ${quote(entry.command ?? 'true')}`
        : `file_ ${index} ${maxBytes} ${quote(entry.path)}`,
    ),
    `printf '\\n%s finished\\n' '${mark}'`,
  ].join('\n')
}

// Arithmetic takes the blanks away that some `wc` print before the number.
const FILE_FUNCTION = `file_() {
  part "$1"
  if [ ! -r "$3" ] || [ ! -f "$3" ]; then done_ "$1" 66 0 whole; return; fi
  size=$(wc -c < "$3" 2>/dev/null)
  size=$((\${size:-0} + 0))
  if [ "$size" -le "$2" ]; then
    $limit cat "$3" 2>/dev/null; done_ "$1" $? "$size" whole
  else
    head=$(($2 / 4)); tail=$(($2 - head))
    $limit head -c "$head" "$3" 2>/dev/null
    printf '\\n[... %s bytes left out ...]\\n' "$((size - head - tail))"
    $limit tail -c "$tail" "$3" 2>/dev/null; done_ "$1" $? "$size" cut
  fi
}`

// The exit code of the command travels behind its output, because a pipeline only keeps that of its last part.
const COMMAND_FUNCTION = `command_() {
  part "$1"
  { $limit sh -c "$3" 2>&1 </dev/null; printf '\\nrc=%s' "$?"; } | tail -c "$(($2 + 12))"
  done_ "$1" - 0 whole
}`

/** Reads the stream of `collectScript`. A stream that breaks off gives the parts that were complete, and says so. */
export function parseCollected(
  stdout: string,
  mark: string,
  limits: ReadonlyMap<number, number>,
): { parts: CollectedPart[]; complete: boolean } {
  const parts: CollectedPart[] = []
  const pattern = new RegExp(
    `\\n${mark} start (\\d+)\\n([\\s\\S]*?)\\n${mark} end \\1 (\\S+) (\\d+) (whole|cut)(?=\\n|$)`,
    'g',
  )
  for (const match of stdout.matchAll(pattern)) {
    const [, number = '', body = '', code = '', size = '', extent = ''] = match
    const index = Number(number)
    if (code === '-') parts.push(commandPart(index, body, limits.get(index) ?? 0))
    else {
      parts.push({ index, exitCode: Number(code), bytes: Number(size), truncated: extent === 'cut', text: body })
    }
  }
  return { parts, complete: stdout.includes(`\n${mark} finished`) }
}

function commandPart(index: number, body: string, maxBytes: number): CollectedPart {
  const end = /\nrc=(\d+)$/.exec(body)
  const text = end ? body.slice(0, end.index) : body
  const bytes = Buffer.byteLength(text)
  // `tail` ran with room for the exit code: more than the limit means that the beginning is gone.
  const truncated = bytes >= maxBytes
  return {
    index,
    exitCode: end ? Number(end[1]) : 1,
    bytes,
    truncated,
    text: truncated ? `[... only the last ${maxBytes} bytes were kept ...]\n${text}` : text,
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
