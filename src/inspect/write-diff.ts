import { cleanText } from '../core/text.ts'
import type { Difference, ImageDiff, PackageChange } from './diff-images.ts'

/** How the parts of a changelog are marked up. */
interface Markup {
  title: (text: string) => string
  heading: (text: string) => string
  line: (sign: '+' | '-' | '~', text: string) => string
  plain: (text: string) => string
  /** Text of an image that is shown as it is. */
  literal: (text: string) => string
}

/** Lines of one kind that are shown; the data have them all. */
const MOST_LINES = 60
const MOST_CHARS = 200

const TEXT: Markup = {
  title: (text) => text,
  heading: (text) => `\n${text}`,
  line: (sign, text) => `  ${sign} ${text}`,
  plain: (text) => `  ${text}`,
  literal: shown,
}

const MARKDOWN: Markup = {
  title: (text) => `## ${text}`,
  heading: (text) => `\n### ${text}\n`,
  line: (sign, text) => `- ${{ '+': 'added', '-': 'removed', '~': 'changed' }[sign]} ${text}`,
  plain: (text) => `- ${text}`,
  literal: (text) => code(shown(text)),
}

/** The changelog for a terminal. */
export function diffText(diff: ImageDiff): string {
  return write(diff, TEXT)
}

/** The changelog as Markdown. Nothing of an image can act as markup. */
export function diffMarkdown(diff: ImageDiff): string {
  return write(diff, MARKDOWN)
}

function write(diff: ImageDiff, markup: Markup): string {
  const { literal } = markup
  const lines = [markup.title(`${literal(diff.from)} -> ${literal(diff.to)}`)]
  const { packages } = diff
  if (packages)
    lines.push(...section(packages, markup, (change) => packageText(change, markup)), ...fixesOf(packages, markup))
  for (const other of diff.others) lines.push(...section(other, markup, (change) => changeText(change, markup)))
  if (diff.measures.length > 0) {
    lines.push(markup.heading('sizes and times'))
    for (const { title, unit, from, to } of diff.measures)
      lines.push(markup.plain(`${title}: ${amount(from, unit)} -> ${amount(to, unit)}${delta(from, to, unit)}`))
  }
  if (diff.notCompared.length > 0)
    lines.push(markup.heading('not compared'), markup.plain(`${diff.notCompared.join(', ')}: not known of both`))
  return `${lines.join('\n')}\n`
}

function section<T extends { name: string; from: string; to: string }>(
  { title, added, removed, changed }: Difference<T>,
  markup: Markup,
  text: (change: T) => string,
): string[] {
  const counts = [`${added.length} added`, `${removed.length} removed`, `${changed.length} changed`]
  const { literal } = markup
  const value = (words: string) => (words === 'present' || words === '' ? '' : ` ${literal(words)}`)
  return [
    markup.heading(`${title}: ${counts.join(', ')}`),
    ...capped(added, markup, ({ name, to }) => markup.line('+', `${literal(name)}${value(to)}`)),
    ...capped(removed, markup, ({ name, from }) => markup.line('-', `${literal(name)}${value(from)}`)),
    ...capped(changed, markup, (change) => markup.line('~', text(change))),
  ]
}

function capped<T>(items: readonly T[], markup: Markup, text: (item: T) => string): string[] {
  const lines = items.slice(0, MOST_LINES).map(text)
  return items.length > MOST_LINES ? [...lines, markup.plain(`and ${items.length - MOST_LINES} more`)] : lines
}

function changeText({ name, from, to }: { name: string; from: string; to: string }, { literal }: Markup): string {
  return `${literal(name)}: ${literal(from)} -> ${literal(to)}`
}

function packageText({ name, from, to, fixes, entries }: PackageChange, { literal }: Markup): string {
  const urgent = entries?.some(({ urgency }) => urgency === 'high' || urgency === 'critical' || urgency === 'emergency')
  const notes = [
    ...(urgent ? ['urgent'] : []),
    ...(fixes.length > 0 ? [`fixes ${fixes.slice(0, 12).join(', ')}${fixes.length > 12 ? ' ...' : ''}`] : []),
  ]
  return `${literal(name)} ${literal(from)} -> ${literal(to)}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`
}

function fixesOf({ changed }: Difference<PackageChange>, markup: Markup): string[] {
  const fixes = new Set(changed.flatMap((change) => change.fixes))
  const silent = changed.filter(({ entries }) => entries === undefined).length
  return [
    ...(fixes.size > 0
      ? [
          markup.plain(
            `${fixes.size} ${fixes.size === 1 ? 'vulnerability' : 'vulnerabilities'} fixed, by the changelogs of the packages`,
          ),
        ]
      : []),
    ...(silent > 0 ? [markup.plain(`${silent} of them without a changelog that tells`)] : []),
  ]
}

type Unit = ImageDiff['measures'][number]['unit']

function amount(value: number, unit: Unit): string {
  if (unit === 'bytes') return `${(value / 1024 ** 2).toFixed(1)} MiB`
  return unit === 'seconds' ? `${value.toFixed(1)} s` : String(value)
}

function delta(from: number, to: number, unit: Unit): string {
  if (from === to) return ''
  const percent = from === 0 ? '' : `, ${to > from ? '+' : ''}${(((to - from) / from) * 100).toFixed(1)} %`
  return ` (${to > from ? '+' : '-'}${amount(Math.abs(to - from), unit)}${percent})`
}

function shown(text: string): string {
  const clean = cleanText(text).replace(/\s+/g, ' ')
  return clean.length > MOST_CHARS ? `${clean.slice(0, MOST_CHARS)}...` : clean
}

/** A span that no text can end: longer fences than any in it. */
function code(text: string): string {
  const fence = '`'.repeat(1 + Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)))
  return fence.length === 1 ? `\`${text || ' '}\`` : `${fence} ${text} ${fence}`
}
