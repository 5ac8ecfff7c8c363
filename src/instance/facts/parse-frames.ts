import { ConfigError } from '../../core/errors.ts'
import type { SectionStatus } from './facts.ts'

/** One piece of raw evidence. */
export interface Section extends SectionStatus {
  name: string
  content: string[]
}

export interface Frames {
  phase: string
  sections: Map<string, Section>
  /** The script reached its end. */
  complete: boolean
}

/**
 * Reads what the facts script prints. Only lines behind `|` are content, so content cannot open or close a section.
 * A section printed twice counts once: the later one wins when it holds anything.
 * @throws ConfigError when the text does not begin as the script's output does.
 */
export function parseFrames(text: string): Frames {
  const lines = text.split('\n')
  const start = /^%harness-facts 1 (\S+)$/.exec(lines[0] ?? '')
  if (!start)
    throw new ConfigError('this is not the output of the facts script', {
      hint: 'its first line is "%harness-facts 1 PHASE"',
    })
  const frames: Frames = { phase: start[1] ?? '', sections: new Map(), complete: false }
  let open: Section | undefined
  for (const line of lines.slice(1)) {
    const rest = line.slice(1)
    switch (line.slice(0, 1)) {
      case '=':
        open = { name: rest, content: [], exitCode: 70, lines: 0, truncated: false }
        break
      case '|':
        open?.content.push(rest)
        break
      case '~':
        if (open) close(open, rest)
        break
      case '.':
        if (open) keep(frames.sections, open, rest)
        open = undefined
        break
      case '%':
        frames.complete = rest === 'end'
    }
  }
  return frames
}

function close(section: Section, counts: string): void {
  const [kept, dropped] = counts.split(' ').map(Number)
  section.lines = section.content.length
  section.truncated = (dropped ?? 1) > 0 || kept !== section.content.length
}

function keep(sections: Map<string, Section>, section: Section, status: string): void {
  const [code = '', ...stderr] = status.split(' ')
  section.exitCode = /^\d+$/.test(code) ? Number(code) : 70
  if (stderr.join(' ').trim()) section.stderr = stderr.join(' ').trim().slice(0, 300)
  const known = sections.get(section.name)
  if (!known || section.content.length > 0) sections.set(section.name, section)
}
