import { FileError } from '../file-tree.ts'
import { ExitShell, Jump } from './program.ts'
import type { Io, ShellHost } from './program.ts'
import { expandPattern, expandText, expandWords, patternToRegExp } from './expand.ts'
import type { Scope } from './expand.ts'
import { parseShell } from './parser.ts'
import { ShellSyntaxError } from './syntax.ts'
import type { Command, List, Pipeline, Redirect } from './syntax.ts'

/** A small POSIX shell over a file tree in memory. Pipelines run one command after the other. */
export class Shell {
  readonly host: ShellHost
  variables: Map<string, string>
  functions: Map<string, Command>
  args: string[] = []
  cwd = '/'
  umask = 0o022
  status = 0
  name = 'sh'
  /** Exit code of the last command substitution, which is that of a bare assignment. */
  #substituted = 0

  constructor(host: ShellHost, env: Readonly<Record<string, string>> = {}) {
    this.host = host
    this.variables = new Map(
      Object.entries({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', IFS: ' \t\n', ...env }),
    )
    this.functions = new Map()
  }

  fork(): Shell {
    const child = new Shell(this.host)
    child.variables = new Map(this.variables)
    child.functions = new Map(this.functions)
    child.args = [...this.args]
    child.cwd = this.cwd
    child.umask = this.umask
    child.status = this.status
    return child
  }

  /** Runs a script to its end and gives its exit code. */
  async runScript(source: string, io: Io): Promise<number> {
    try {
      return await this.list(parseShell(source), io)
    } catch (error) {
      if (error instanceof ExitShell) return error.code
      if (error instanceof Jump) return error.code
      if (!(error instanceof ShellSyntaxError || error instanceof FileError)) throw error
      io.err(Buffer.from(`sh: ${error.message}\n`))
      return 2
    }
  }

  async list(list: List, io: Io): Promise<number> {
    for (const { join, pipeline } of list) {
      if (join === '&&' && this.status !== 0) continue
      if (join === '||' && this.status === 0) continue
      this.status = await this.#pipeline(pipeline, io)
    }
    return this.status
  }

  async #pipeline(pipeline: Pipeline, io: Io): Promise<number> {
    let status = 0
    let stdin = io.stdin
    for (const [index, command] of pipeline.commands.entries()) {
      const last = index === pipeline.commands.length - 1
      const piped: Buffer[] = []
      const here: Io = { stdin, out: last ? io.out : (chunk) => piped.push(chunk), err: io.err }
      status =
        pipeline.commands.length > 1
          ? await isolated(this.fork(), (shell) => shell.command(command, here))
          : await this.command(command, here)
      stdin = { data: Buffer.concat(piped) }
    }
    if (!pipeline.negated) return status
    return status === 0 ? 1 : 0
  }

  async command(command: Command, outer: Io): Promise<number> {
    this.host.signal.throwIfAborted()
    this.host.tick()
    let io: Io
    try {
      io = await this.#redirect(command.redirects, outer)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      outer.err(Buffer.from(`sh: ${error.message}\n`))
      return 1
    }
    switch (command.kind) {
      case 'simple':
        return await this.#simple(command, io)
      case 'group':
        return command.subshell
          ? await isolated(this.fork(), (shell) => shell.list(command.body, io))
          : await this.list(command.body, io)
      case 'if':
        for (const branch of command.branches)
          if ((await this.#fresh(branch.condition, io)) === 0) return await this.#fresh(branch.body, io)
        return command.otherwise ? await this.#fresh(command.otherwise, io) : 0
      case 'loop':
        return await this.#loop(
          async () => ((await this.#fresh(command.condition, io)) === 0) !== command.until,
          command.body,
          io,
        )
      case 'for': {
        const values = command.words ? await expandWords(command.words, this.scope(io)) : [...this.args]
        const next = async () => {
          const value = values.shift()
          if (value !== undefined) this.variables.set(command.name, value)
          return value !== undefined
        }
        return await this.#loop(next, command.body, io)
      }
      case 'case': {
        const subject = await expandText(command.subject, this.scope(io))
        for (const branch of command.branches) {
          for (const pattern of branch.patterns) {
            const source = patternToRegExp(await expandPattern(pattern, this.scope(io)))
            if (new RegExp(`^(?:${source})$`).test(subject)) return await this.#fresh(branch.body, io)
          }
        }
        return 0
      }
      case 'function':
        this.functions.set(command.name, command.body)
        return 0
    }
  }

  async #fresh(list: List, io: Io): Promise<number> {
    this.status = 0
    return await this.list(list, io)
  }

  async #loop(next: () => Promise<boolean>, body: List, io: Io): Promise<number> {
    let status = 0
    while (await next()) {
      try {
        status = await this.#fresh(body, io)
      } catch (error) {
        if (!(error instanceof Jump) || error.kind === 'return') throw error
        if (error.kind === 'break') return 0
      }
      // Lets timers and aborts through: a busy loop of a guest must not stop the harness.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return status
  }

  async #simple(command: Command & { kind: 'simple' }, io: Io): Promise<number> {
    const scope = this.scope(io)
    this.#substituted = 0
    const assigned: [string, string][] = []
    for (const { name, value } of command.assignments) assigned.push([name, await expandText(value, scope)])
    const substituted = this.#substituted
    const [name, ...args] = await expandWords(command.words, scope)
    if (name === undefined) {
      for (const [key, value] of assigned) this.variables.set(key, value)
      return substituted
    }
    const shell = assigned.length > 0 ? this.fork() : this
    for (const [key, value] of assigned) shell.variables.set(key, value)
    return await shell.invoke(name, args, io)
  }

  /** Runs a function or program by name. */
  async invoke(name: string, args: string[], io: Io): Promise<number> {
    const body = this.functions.get(name)
    if (body) {
      const saved = this.args
      this.args = args
      try {
        return await this.command(body, io)
      } catch (error) {
        if (error instanceof Jump && error.kind === 'return') return error.code
        throw error
      } finally {
        this.args = saved
      }
    }
    const program = this.host.programs.get(name.slice(name.lastIndexOf('/') + 1))
    const complain = (text: string) => io.err(Buffer.from(`${name}: ${text}\n`))
    if (!program || (name.includes('/') && !/^\/(?:usr\/)?s?bin\//.test(name))) {
      complain('not found')
      return 127
    }
    try {
      return await program({ ...io, name, args, shell: this, complain, print: (text) => io.out(Buffer.from(text)) })
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      complain(error.message)
      return 1
    }
  }

  scope(io: Io): Scope {
    return {
      get: (name) => this.#parameter(name),
      set: (name, value) => this.variables.set(name, value),
      arguments: this.args,
      substitute: async (body) => {
        const out: Buffer[] = []
        this.#substituted = await isolated(this.fork(), (shell) =>
          shell.list(body, { ...io, out: (chunk) => out.push(chunk) }),
        )
        return Buffer.concat(out).toString()
      },
      glob: (pattern) => this.#glob(pattern),
    }
  }

  #parameter(name: string): string | undefined {
    if (name === '?') return String(this.status)
    if (name === '$') return '4242'
    if (name === '#') return String(this.args.length)
    if (name === '@' || name === '*') return this.args.join(' ')
    if (name === '0') return this.name
    if (/^\d$/.test(name)) return this.args[Number(name) - 1]
    return this.variables.get(name)
  }

  #glob(pattern: string): string[] {
    const absolute = pattern.startsWith('/') ? pattern : `${this.cwd}/${pattern}`
    const whole = new RegExp(`^${patternToRegExp(absolute.replaceAll(/\/+/g, '/'), '[^/]*')}$`)
    const found = this.host.files
      .paths()
      .filter((path) => whole.test(path))
      .sort()
    return pattern.startsWith('/')
      ? found
      : found.map((path) => path.slice(this.cwd.length + (this.cwd === '/' ? 0 : 1)))
  }

  async #redirect(redirects: readonly Redirect[], outer: Io): Promise<Io> {
    const io = { ...outer }
    const sinks: Record<number, Io['out']> = { 1: io.out, 2: io.err }
    for (const { fd, operator, target } of redirects) {
      const text = await expandText(target, this.scope(outer))
      if (operator === '<<') io.stdin = { data: Buffer.from(text) }
      else if (operator === '<')
        io.stdin = { data: text === '/dev/null' ? Buffer.alloc(0) : this.host.files.read(text, this.cwd) }
      else if (operator === '>&') sinks[fd] = sinks[Number(text)] ?? io.out
      else sinks[fd] = this.#sink(text, operator === '>>')
    }
    return { stdin: io.stdin, out: sinks[1] ?? io.out, err: sinks[2] ?? io.err }
  }

  #sink(path: string, append: boolean): Io['out'] {
    if (path === '/dev/null') return () => undefined
    const options = { cwd: this.cwd, mode: 0o666 & ~this.umask }
    this.host.files.write(path, '', { ...options, append })
    return (chunk) => this.host.files.write(path, chunk, { ...options, append: true })
  }
}

/** Runs in a subshell: its `exit` ends only itself. */
export async function isolated(shell: Shell, run: (shell: Shell) => Promise<number>): Promise<number> {
  try {
    return await run(shell)
  } catch (error) {
    if (error instanceof ExitShell) return error.code
    throw error
  }
}
