import { createHash, randomBytes } from 'node:crypto'
import { FileError } from '../file-tree.ts'
import type { Program, ProgramCall } from './program.ts'

/** Programs that work on files and text. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  cat: (call) => {
    const { paths } = options(call)
    let status = 0
    if (paths.length === 0) call.print(drain(call))
    for (const path of paths) {
      try {
        call.print(path === '-' ? drain(call) : call.shell.host.files.read(path, call.shell.cwd))
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        call.complain(error.message)
        status = 1
      }
    }
    return status
  },
  mkdir: (call) => {
    const { flags, paths } = options(call, 'm')
    for (const path of paths)
      call.shell.host.files.makeFolder(path, {
        cwd: call.shell.cwd,
        parents: flags.has('p'),
        mode: 0o777 & ~call.shell.umask,
      })
    return 0
  },
  rm: (call) => {
    const { flags, paths } = options(call)
    for (const path of paths)
      call.shell.host.files.remove(path, {
        cwd: call.shell.cwd,
        recursive: flags.has('r') || flags.has('R'),
        force: flags.has('f'),
      })
    return 0
  },
  mv: (call) => {
    const { paths } = options(call)
    call.shell.host.files.move(paths[0] ?? '', paths[1] ?? '', call.shell.cwd)
    return 0
  },
  cp: (call) => {
    const { flags, paths } = options(call)
    const { files } = call.shell.host
    const node = files.stat(paths[0] ?? '', call.shell.cwd)
    const data = files.read(paths[0] ?? '', call.shell.cwd)
    files.write(paths[1] ?? '', data, { cwd: call.shell.cwd, mode: node?.mode ?? 0o644 })
    if (flags.has('p') && node)
      files.change(paths[1] ?? '', call.shell.cwd, { mode: node.mode, owner: node.owner, group: node.group })
    return 0
  },
  ln: (call) => {
    const { paths } = options(call)
    call.shell.host.files.link(paths[0] ?? '', paths[1] ?? '', call.shell.cwd)
    return 0
  },
  chmod: (call) => {
    const { paths } = options(call)
    const [mode = '', ...targets] = paths
    for (const path of targets) call.shell.host.files.change(path, call.shell.cwd, { mode: Number.parseInt(mode, 8) })
    return 0
  },
  chown: (call) => {
    const [spec = '', ...targets] = options(call).paths
    const [owner, group] = spec.split(':')
    for (const path of targets)
      call.shell.host.files.change(path, call.shell.cwd, {
        ...(owner ? { owner: userName(owner) } : {}),
        ...(group ? { group: userName(group) } : {}),
      })
    return 0
  },
  touch: (call) => {
    for (const path of options(call).paths) call.shell.host.files.write(path, '', { cwd: call.shell.cwd, append: true })
    return 0
  },
  truncate: (call) => {
    for (const path of options(call, 's').paths) call.shell.host.files.write(path, '', { cwd: call.shell.cwd })
    return 0
  },
  ls: (call) => {
    const { paths } = options(call)
    for (const path of paths.length > 0 ? paths : ['.']) {
      const node = call.shell.host.files.stat(path, call.shell.cwd)
      if (!node) throw new FileError(`cannot access '${path}': No such file or directory`)
      const names = node.kind === 'folder' ? call.shell.host.files.list(path, call.shell.cwd) : [path]
      call.print(names.map((name) => `${name}\n`).join(''))
    }
    return 0
  },
  readlink: (call) => {
    const { flags, paths } = options(call)
    const node = call.shell.host.files.stat(paths[0] ?? '', call.shell.cwd, false)
    if (flags.has('f')) call.print(`${call.shell.host.files.resolve(paths[0] ?? '', call.shell.cwd)}\n`)
    else if (node?.kind !== 'link') return 1
    else call.print(`${node.data.toString()}\n`)
    return 0
  },
  stat: (call) => {
    const { values, paths } = options(call, 'c')
    for (const path of paths) {
      const node = call.shell.host.files.stat(path, call.shell.cwd)
      if (!node) throw new FileError(`cannot stat '${path}': No such file or directory`)
      const fields: Record<string, string> = {
        '%a': node.mode.toString(8),
        '%U': node.owner,
        '%G': node.group,
        '%s': String(node.data.length),
        '%n': path,
      }
      call.print(`${(values.get('c') ?? '%n').replaceAll(/%[aUGsn]/g, (field) => fields[field] ?? field)}\n`)
    }
    return 0
  },
  basename: ({ args, print }) => {
    print(`${(args[0] ?? '').replace(/\/+$/, '').replace(/.*\//, '')}\n`)
    return 0
  },
  dirname: ({ args, print }) => {
    print(`${/^(.*)\/[^/]*$/.exec(args[0] ?? '')?.[1] || ((args[0] ?? '').startsWith('/') ? '/' : '.')}\n`)
    return 0
  },
  mktemp: (call) => {
    const { flags } = options(call)
    const path = `/tmp/tmp.${randomBytes(5).toString('hex')}`
    if (flags.has('d')) call.shell.host.files.makeFolder(path, { mode: 0o700 })
    else call.shell.host.files.write(path, '', { mode: 0o600 })
    call.print(`${path}\n`)
    return 0
  },
  head: (call) => {
    const { values, paths } = options(call, 'nc')
    const input = paths[0] === undefined ? drain(call) : call.shell.host.files.read(paths[0], call.shell.cwd)
    if (values.has('c')) call.print(input.subarray(0, Number(values.get('c'))))
    else
      call.print(
        linesOf(input)
          .slice(0, Number(values.get('n') ?? 10))
          .join(''),
      )
    return 0
  },
  tail: (call) => {
    const { values, paths } = options(call, 'nc')
    const input = paths[0] === undefined ? drain(call) : call.shell.host.files.read(paths[0], call.shell.cwd)
    call.print(
      linesOf(input)
        .slice(-Number(values.get('n') ?? 10))
        .join(''),
    )
    return 0
  },
  wc: (call) => {
    const { flags, paths } = options(call)
    const input = paths[0] === undefined ? drain(call) : call.shell.host.files.read(paths[0], call.shell.cwd)
    call.print(`${flags.has('c') ? input.length : linesOf(input).length}\n`)
    return 0
  },
  grep: (call) => {
    const { flags, paths } = options(call)
    const [pattern = '', ...files] = paths
    const input =
      files.length === 0
        ? drain(call)
        : Buffer.concat(files.map((path) => call.shell.host.files.read(path, call.shell.cwd)))
    const wanted = flags.has('F') ? pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern
    const matching = linesOf(input).filter(
      (line) => new RegExp(wanted, flags.has('i') ? 'i' : '').test(line.replace(/\n$/, '')) !== flags.has('v'),
    )
    if (flags.has('c')) call.print(`${matching.length}\n`)
    else if (!flags.has('q')) call.print(matching.join(''))
    return matching.length > 0 ? 0 : 1
  },
  cut: (call) => {
    const { values } = options(call, 'df')
    const field = Number(values.get('f') ?? 1)
    call.print(
      linesOf(drain(call))
        .map((line) => `${line.replace(/\n$/, '').split(values.get('d') ?? '\t')[field - 1] ?? ''}\n`)
        .join(''),
    )
    return 0
  },
  sort: (call) => {
    call.print(linesOf(drain(call)).sort().join(''))
    return 0
  },
  tee: (call) => {
    const input = drain(call)
    for (const path of options(call).paths) call.shell.host.files.write(path, input, { cwd: call.shell.cwd })
    call.print(input)
    return 0
  },
  seq: ({ args, print }) => {
    const [from, to] = args.length > 1 ? [Number(args[0]), Number(args[1])] : [1, Number(args[0])]
    for (let number = from; number <= to; number++) print(`${number}\n`)
    return 0
  },
  sha256sum: (call) => {
    for (const path of options(call).paths) {
      const digest = createHash('sha256').update(call.shell.host.files.read(path, call.shell.cwd)).digest('hex')
      call.print(`${digest}  ${path}\n`)
    }
    return 0
  },
  date: ({ args, print }) => {
    print(args[0] === '+%s' ? `${Math.floor(Date.now() / 1000)}\n` : `${new Date().toISOString()}\n`)
    return 0
  },
  id: ({ args, print }) => {
    print(args[0] === '-un' ? 'root\n' : args[0]?.startsWith('-') ? '0\n' : 'uid=0(root) gid=0(root) groups=0(root)\n')
    return 0
  },
  whoami: ({ print }) => {
    print('root\n')
    return 0
  },
  su: async (call) => {
    const at = call.args.indexOf('-c')
    return at < 0 ? 1 : await call.shell.invoke('sh', ['-c', call.args[at + 1] ?? ''], call)
  },
  sync: () => 0,
}

/** Splits arguments into single-letter flags, flags with values (named in `valued`) and the rest. */
function options(call: ProgramCall, valued = ''): { flags: Set<string>; values: Map<string, string>; paths: string[] } {
  const flags = new Set<string>()
  const values = new Map<string, string>()
  const paths: string[] = []
  const rest = [...call.args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      paths.push(...rest.splice(0))
    } else if (!/^-[A-Za-z]/.test(arg)) {
      paths.push(arg)
    } else if (valued.includes(arg[1] ?? '')) {
      values.set(arg[1] ?? '', arg.length > 2 ? arg.slice(2) : (rest.shift() ?? ''))
    } else {
      for (const flag of arg.slice(1)) flags.add(flag)
    }
  }
  return { flags, values, paths }
}

function drain(call: ProgramCall): Buffer {
  const { data } = call.stdin
  call.stdin.data = Buffer.alloc(0)
  return data
}

function linesOf(input: Buffer): string[] {
  return input.toString().match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function userName(owner: string): string {
  return owner === '0' ? 'root' : owner
}
