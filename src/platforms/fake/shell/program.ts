import type { FileTree } from '../file-tree.ts'
import type { Shell } from './run.ts'

/** Input of a command, consumed from the front. */
export interface Input {
  data: Buffer
}

export interface Io {
  stdin: Input
  out: (chunk: Buffer) => void
  err: (chunk: Buffer) => void
}

/** What a program of the fake machine gets. It answers with its exit code. */
export interface ProgramCall extends Io {
  name: string
  args: string[]
  shell: Shell
  print: (text: string | Buffer) => void
  complain: (text: string) => void
}

export type Program = (call: ProgramCall) => number | Promise<number>

export interface ShellHost {
  files: FileTree
  programs: ReadonlyMap<string, Program>
  signal: AbortSignal
  /** Called before every command, so that time can change the machine. */
  tick: () => void
}

export class ExitShell extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

/** `break`, `continue` and `return` on their way to the loop or function they end. */
export class Jump extends Error {
  readonly kind: 'break' | 'continue' | 'return'
  readonly code: number
  constructor(kind: Jump['kind'], code = 0) {
    super(kind)
    this.kind = kind
    this.code = code
  }
}
