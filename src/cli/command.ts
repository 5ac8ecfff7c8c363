/** One option of a command. A string option with `multiple` may be given several times. */
export interface OptionSpec {
  type: 'boolean' | 'string'
  short?: string
  multiple?: boolean
  /** Name of the value in the help, for example `DIR`. */
  value?: string
  choices?: readonly string[]
  text: string
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>

type ValueOf<Spec extends OptionSpec> = Spec['type'] extends 'boolean'
  ? boolean
  : Spec['multiple'] extends true
    ? string[]
    : Spec['choices'] extends readonly (infer Choice)[]
      ? Choice
      : string

/** The values of the options a user gave; absent ones are absent. */
export type OptionValues<Specs extends OptionSpecs> = { [Name in keyof Specs]?: ValueOf<Specs[Name]> }

export interface Invocation<Specs extends OptionSpecs> {
  options: OptionValues<Specs>
  args: readonly string[]
  /** Everything after the command's name, as typed. */
  argv: readonly string[]
  /** Fires at the first Ctrl-C, SIGTERM or end of the terminal. */
  signal: AbortSignal
}

/** What a file of `src/cli/commands/` exports as default. */
export interface Command<Specs extends OptionSpecs = OptionSpecs> {
  name: string
  /** Arguments as the help shows them, for example `FILE...`. */
  args?: string
  /** Fewest and most arguments. Default none. */
  arity?: readonly [number, number]
  /** One paragraph for `--help`. */
  text: string
  options: Specs
  examples?: readonly string[]
  /** SIGHUP has a meaning of its own here. Default: it ends the command. */
  ownHangup?: boolean
  /** Resolves with the exit code. */
  run(invocation: Invocation<Specs>): Promise<number>
}

/** Types a command without changing it. */
export function defineCommand<const Specs extends OptionSpecs>(command: Command<Specs>): Command<Specs> {
  return command
}
