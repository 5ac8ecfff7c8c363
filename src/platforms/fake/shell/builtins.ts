import { pause } from '../../../core/wait-until.ts'
import { arithmetic } from './expand.ts'
import { ExitShell, Jump } from './program.ts'
import type { Program, ProgramCall } from './program.ts'
import { isolated } from './run.ts'
import type { Shell } from './run.ts'

/** Programs that belong to the shell itself. */
export const BUILTINS: Readonly<Record<string, Program>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  echo: ({ args, print }) => {
    const bare = args[0] === '-n'
    print(`${(bare ? args.slice(1) : args).join(' ')}${bare ? '' : '\n'}`)
    return 0
  },
  printf: ({ args, print }) => {
    print(formatted(args[0] ?? '', args.slice(1)))
    return 0
  },
  exit: ({ args, shell }) => {
    throw new ExitShell(args[0] === undefined ? shell.status : Number(args[0]) & 255)
  },
  return: ({ args, shell }) => {
    throw new Jump('return', args[0] === undefined ? shell.status : Number(args[0]))
  },
  break: () => {
    throw new Jump('break')
  },
  continue: () => {
    throw new Jump('continue')
  },
  cd: ({ args, shell, complain }) => {
    const to = args.filter((arg) => arg !== '--')[0] ?? '/root'
    const at = shell.host.files.resolve(to, shell.cwd)
    if (shell.host.files.stat(at)?.kind !== 'folder') {
      complain(`can't cd to ${to}`)
      return 2
    }
    shell.cwd = at
    return 0
  },
  pwd: ({ shell, print }) => {
    print(`${shell.cwd}\n`)
    return 0
  },
  export: ({ args, shell }) => {
    for (const arg of args) {
      const at = arg.indexOf('=')
      if (at > 0) shell.variables.set(arg.slice(0, at), arg.slice(at + 1))
    }
    return 0
  },
  unset: ({ args, shell }) => {
    for (const arg of args) shell.variables.delete(arg)
    return 0
  },
  set: ({ args, shell }) => {
    if (args[0] === '--') shell.args = args.slice(1)
    else if (args[0] && !args[0].startsWith('-')) shell.args = args
    return 0
  },
  shift: ({ args, shell }) => {
    shell.args = shell.args.slice(Number(args[0] ?? 1))
    return 0
  },
  umask: ({ args, shell }) => {
    shell.umask = Number.parseInt(args[0] ?? '022', 8)
    return 0
  },
  read: ({ args, shell, stdin }) => {
    const names = args.filter((arg) => !arg.startsWith('-'))
    const end = stdin.data.indexOf(10)
    const line = stdin.data.subarray(0, end < 0 ? stdin.data.length : end).toString()
    const ended = end < 0
    stdin.data = ended ? Buffer.alloc(0) : stdin.data.subarray(end + 1)
    const words = line.trim().split(/[ \t]+/)
    for (const [index, name] of names.entries())
      shell.variables.set(name, (index === names.length - 1 ? words.slice(index).join(' ') : words[index]) ?? '')
    return ended && line === '' ? 1 : 0
  },
  '[': ({ args, shell, complain }) => {
    if (args.at(-1) !== ']') {
      complain('missing ]')
      return 2
    }
    return test(args.slice(0, -1), shell) ? 0 : 1
  },
  test: ({ args, shell }) => (test(args, shell) ? 0 : 1),
  command: async (call) => {
    if (call.args[0] !== '-v') return await call.shell.invoke(call.args[0] ?? '', call.args.slice(1), call)
    const name = call.args[1] ?? ''
    if (!call.shell.functions.has(name) && !call.shell.host.programs.has(name)) return 127
    call.print(`${name in BUILTINS ? name : `/usr/bin/${name}`}\n`)
    return 0
  },
  eval: async ({ args, shell, ...io }) => await shell.runScript(args.join(' '), io),
  exec: async ({ args, shell, ...io }) => {
    if (args[0] === undefined) return 0
    throw new ExitShell(await shell.invoke(args[0], args.slice(1), io))
  },
  sh: runShell,
  bash: runShell,
  dash: runShell,
  sleep: async ({ args, shell }) => {
    await pause(Number.parseFloat(args[0] ?? '0') * 1000, shell.host.signal)
    shell.host.signal.throwIfAborted()
    return 0
  },
  kill: ({ args }) => {
    const signal = args.find((arg) => /^-\w+$/.test(arg)) ?? '-TERM'
    const number = { '-9': 9, '-KILL': 9, '-TERM': 15, '-15': 15, '-HUP': 1, '-INT': 2 }[signal] ?? 15
    if (args.includes('4242')) throw new ExitShell(128 + number)
    return 0
  },
  trap: () => 0,
  wait: () => 0,
  env: async ({ args, shell, ...io }) => {
    const child = shell.fork()
    const rest = [...args]
    for (let arg = rest[0]; arg !== undefined && /^\w+=/.test(arg); arg = rest[0]) {
      child.variables.set(arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1))
      rest.shift()
    }
    if (rest[0] !== undefined) return await child.invoke(rest[0], rest.slice(1), io)
    io.print([...child.variables].map(([name, value]) => `${name}=${value}\n`).join(''))
    return 0
  },
  expr: ({ args, print }) => {
    print(`${arithmetic(args.join(' '), { get: () => undefined })}\n`)
    return 0
  },
}

async function runShell(call: ProgramCall): Promise<number> {
  const { args, shell, complain, ...io } = call
  const child = shell.fork()
  child.functions = new Map()
  if (args[0] === '-c') {
    child.args = args.slice(3)
    child.name = args[2] ?? 'sh'
    return await isolated(child, (inner) => inner.runScript(args[1] ?? '', io))
  }
  if (args[0] === undefined || args[0] === '-s' || args[0] === '-') {
    child.args = args.slice(1).filter((arg) => arg !== '--')
    const source = io.stdin.data.toString()
    io.stdin.data = Buffer.alloc(0)
    return await child.runScript(source, io)
  }
  child.args = args.slice(1)
  const node = shell.host.files.stat(args[0], shell.cwd)
  if (!node) {
    complain(`cannot open ${args[0]}: No such file`)
    return 127
  }
  return await child.runScript(node.data.toString(), io)
}

function test(args: string[], shell: Shell): boolean {
  const [first = '', second = '', third = ''] = args
  if (first === '!') return !test(args.slice(1), shell)
  const joined = args.findIndex((arg) => arg === '-o' || arg === '-a')
  if (joined > 0 && args.length > 3) {
    const [left, right] = [test(args.slice(0, joined), shell), test(args.slice(joined + 1), shell)]
    return args[joined] === '-o' ? left || right : left && right
  }
  if (args.length === 3) return compare(first, second, third)
  if (args.length === 2) return examine(first, second, shell)
  return first !== ''
}

function compare(left: string, operator: string, right: string): boolean {
  const [a, b] = [Number(left), Number(right)]
  const answers: Record<string, boolean> = {
    '=': left === right,
    '!=': left !== right,
    '-eq': a === b,
    '-ne': a !== b,
    '-lt': a < b,
    '-le': a <= b,
    '-gt': a > b,
    '-ge': a >= b,
  }
  return answers[operator] ?? false
}

function examine(operator: string, operand: string, shell: Shell): boolean {
  if (operator === '-n') return operand !== ''
  if (operator === '-z') return operand === ''
  const node = shell.host.files.stat(operand, shell.cwd, operator !== '-L' && operator !== '-h')
  const special = operand === '/dev/null' ? operator === '-e' || operator === '-c' : false
  const answers: Record<string, boolean> = {
    '-e': node !== undefined,
    '-f': node?.kind === 'file',
    '-d': node?.kind === 'folder',
    '-L': node?.kind === 'link',
    '-h': node?.kind === 'link',
    '-s': node !== undefined && node.data.length > 0,
    '-r': node !== undefined,
    '-w': node !== undefined,
    '-x': node !== undefined && (node.mode & 0o111) !== 0,
  }
  return special || (answers[operator] ?? false)
}

/** printf of the shell: the format is used again until the arguments are used up. */
function formatted(format: string, args: string[]): Buffer {
  const chunks: Buffer[] = []
  const rest = [...args]
  do {
    const before = rest.length
    for (const piece of format.match(/%[-0-9.]*[sdcxob%]|\\(?:[0-7]{1,3}|x[0-9a-fA-F]{2}|[\s\S])|[^%\\]+|[%\\]/g) ?? [])
      chunks.push(formatPiece(piece, rest))
    if (rest.length === before) break
  } while (rest.length > 0)
  return Buffer.concat(chunks)
}

function formatPiece(piece: string, rest: string[]): Buffer {
  if (piece === '%%') return Buffer.from('%')
  if (piece.startsWith('%') && piece.length > 1) {
    const value = rest.shift() ?? ''
    const width = Number(/\d+/.exec(piece)?.[0] ?? 0)
    if (piece.endsWith('d'))
      return Buffer.from(String(Number(value) || 0).padStart(width, piece.startsWith('%0') ? '0' : ' '))
    if (piece.endsWith('x')) return Buffer.from(Number(value).toString(16).padStart(width, '0'))
    if (piece.endsWith('b')) return formatted(value.replaceAll('%', '%%'), [])
    return Buffer.from(piece.startsWith('%-') ? value.padEnd(width) : value.padStart(width))
  }
  if (!piece.startsWith('\\') || piece.length === 1) return Buffer.from(piece)
  const code = piece.slice(1)
  if (/^[0-7]+$/.test(code)) return Buffer.from([Number.parseInt(code, 8) & 255])
  if (code.startsWith('x')) return Buffer.from([Number.parseInt(code.slice(1), 16)])
  return Buffer.from({ n: '\n', t: '\t', r: '\r', '\\': '\\', a: '\u0007', b: '\b', f: '\f', v: '\v' }[code] ?? piece)
}
