import type { Command, OptionSpec } from './command.ts'
import { COMMANDS } from './commands.ts'

/** The first page of help. Needs nothing but the command table, so that it is quick. */
export function mainHelp(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const)
  return [
    'Launches Linux images, upgrades the agent under test, judges them by policy and regression suites, and reports.',
    '',
    'Usage: harness <command> [options]',
    '',
    ...columns(rows),
    '',
    'harness <command> --help tells more. Start with: harness run --setup',
    '',
  ].join('\n')
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(([name, spec]) => [flag(name, spec), optionText(spec)] as const)
  const lines = [
    ...wrap(command.text, WIDTH),
    '',
    `Usage: harness ${command.name}${command.args ? ` ${command.args}` : ''}${options.length > 0 ? ' [options]' : ''}`,
    '',
    ...columns([...options, ['-h, --help', 'show this']]),
  ]
  if (command.examples) lines.push('', 'Examples:', ...command.examples.map((example) => `  ${example}`))
  return `${lines.join('\n')}\n`
}

function flag(name: string, spec: OptionSpec): string {
  const short = spec.short ? `-${spec.short}, ` : ''
  const value = spec.type === 'string' ? ` ${spec.choices?.join('|') ?? spec.value ?? 'VALUE'}` : ''
  return `${short}--${name}${value}`
}

function optionText(spec: OptionSpec): string {
  return spec.multiple ? `${spec.text} (may be repeated)` : spec.text
}

const WIDTH = 100

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(32, Math.max(...rows.map(([name]) => name.length)))
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, WIDTH - left - 4)
    const first = name.length > left ? [`  ${name}`] : [`  ${name.padEnd(left)}  ${lines.shift() ?? ''}`]
    return [...first, ...lines.map((line) => `  ${' '.repeat(left)}  ${line}`)]
  })
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line ? `${line} ${word}` : word
    }
  }
  return [...lines, line]
}
