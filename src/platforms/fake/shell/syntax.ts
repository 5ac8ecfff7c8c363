/** Syntax tree of the little shell of fake machines. */

export type Part =
  | { kind: 'text'; text: string; quoted: boolean }
  | { kind: 'parameter'; name: string; operator: string; operand: Word | undefined; quoted: boolean }
  | { kind: 'command'; body: List; quoted: boolean }
  | { kind: 'arithmetic'; source: string; quoted: boolean }

export type Word = Part[]

export interface Redirect {
  fd: number
  operator: '>' | '>>' | '<' | '>&' | '<<'
  target: Word
}

export type Command = (
  | { kind: 'simple'; assignments: { name: string; value: Word }[]; words: Word[] }
  | { kind: 'group'; body: List; subshell: boolean }
  | { kind: 'if'; branches: { condition: List; body: List }[]; otherwise: List | undefined }
  | { kind: 'loop'; condition: List; body: List; until: boolean }
  | { kind: 'for'; name: string; words: Word[] | undefined; body: List }
  | { kind: 'case'; subject: Word; branches: { patterns: Word[]; body: List }[] }
  | { kind: 'function'; name: string; body: Command }
) & { redirects: Redirect[] }

export interface Pipeline {
  negated: boolean
  commands: Command[]
}

/** `join` says how the pipeline hangs on the one before it. */
export type List = { join: ';' | '&&' | '||'; pipeline: Pipeline }[]

/** A script the little shell cannot read. */
export class ShellSyntaxError extends Error {}
