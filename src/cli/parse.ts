import { parseArgs, type ParseArgsConfig } from 'node:util'
import { ConfigError } from '../core/errors.ts'
import { nearest } from '../matrix/nearest.ts'
import type { Command, OptionSpec, OptionSpecs, OptionValues } from './command.ts'

type Values = Record<string, string | boolean | string[]>

/**
 * Reads the words after a command's name.
 * @throws ConfigError on anything unknown, with the nearest option as hint
 */
export function parseCommandLine(
  command: Command,
  argv: readonly string[],
): { options: OptionValues<OptionSpecs>; args: string[]; help: boolean } {
  const options: NonNullable<ParseArgsConfig['options']> = { help: { type: 'boolean', short: 'h' } }
  for (const [name, { type, short, multiple }] of Object.entries(command.options)) {
    options[name] = { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) }
  }
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const values: Values = {}
  const args: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    if (token.name === 'help') return { options: {}, args: [], help: true }
    const spec = command.options[token.name]
    if (!spec) throw unknownOption(command, token.rawName)
    const value = readValue(token.rawName, token.value, spec)
    if (spec.multiple) values[token.name] = [...((values[token.name] as string[] | undefined) ?? []), String(value)]
    else values[token.name] = value
  }
  checkArity(command, args)
  return { options: values as OptionValues<OptionSpecs>, args, help: false }
}

function readValue(name: string, value: string | undefined, spec: OptionSpec): string | boolean {
  if (spec.type === 'boolean') {
    if (value !== undefined) throw new ConfigError(`${name} takes no value`, { hint: `write just ${name}` })
    return true
  }
  // A value that looks like an option is nearly always a forgotten value; `--name=-x` says it is meant.
  if (value === undefined || value === '') {
    throw new ConfigError(`${name} needs a value`, {
      hint: `${name} ${spec.choices?.join('|') ?? spec.value ?? 'VALUE'}`,
    })
  }
  if (spec.choices && !spec.choices.includes(value)) {
    throw new ConfigError(`${name} cannot be "${value}"`, {
      hint: `choose ${spec.choices.join(', ')}`,
    })
  }
  return value
}

function unknownOption(command: Command, name: string): ConfigError {
  const known = [...Object.keys(command.options).map((option) => `--${option}`), '--help']
  return unknownWord(`option ${name} for \`harness ${command.name}\``, name, known, `harness ${command.name} --help`)
}

function checkArity(command: Command, args: readonly string[]): void {
  const [least, most] = command.arity ?? [0, 0]
  const usage = `harness ${command.name}${command.args ? ` ${command.args}` : ''}`
  if (args.length < least)
    throw new ConfigError(`\`harness ${command.name}\` needs ${command.args ?? 'an argument'}`, { hint: usage })
  if (args.length > most) {
    throw new ConfigError(`unexpected argument "${args[most]}" for \`harness ${command.name}\``, { hint: usage })
  }
}

/** An error that names the nearest known word, or else the command that lists them. */
export function unknownWord(what: string, word: string, known: Iterable<string>, lister: string): ConfigError {
  const near = nearest(word, known)
  const end = near === undefined ? `\`${lister}\` lists what there is` : `did you mean ${near}?`
  return new ConfigError(`unknown ${what}; ${end}`)
}
