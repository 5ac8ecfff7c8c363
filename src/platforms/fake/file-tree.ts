/** One thing in the file tree of a fake machine. */
export interface Node {
  kind: 'file' | 'folder' | 'link'
  /** Content of a file, target of a link. */
  data: Buffer
  mode: number
  owner: string
  group: string
}

/** A file operation that failed; the message is what a command would print. */
export class FileError extends Error {}

/** Files of a fake machine: a map from absolute path to node. Content is never changed in place, so a copy of the map is a snapshot. */
export class FileTree {
  readonly #nodes: Map<string, Node>

  constructor(nodes: Iterable<[string, Node]> = []) {
    this.#nodes = new Map([['/', folder()], ...nodes])
  }

  copy(): FileTree {
    return new FileTree([...this.#nodes].map(([path, node]) => [path, { ...node }]))
  }

  /** The path with links, `.` and `..` resolved; the last part's link stays unless `follow`. */
  resolve(path: string, cwd = '/', follow = true, depth = 0): string {
    if (depth > 20) throw new FileError(`${path}: Too many levels of symbolic links`)
    const parts = (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')
    let at = ''
    for (const [index, part] of parts.entries()) {
      if (part === '' || part === '.') continue
      if (part === '..') {
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')))
        continue
      }
      const next = `${at}/${part}`
      const node = this.#nodes.get(next)
      const last = parts.slice(index + 1).every((rest) => rest === '' || rest === '.')
      if (node?.kind === 'link' && (follow || !last))
        at = this.resolve(node.data.toString(), at || '/', true, depth + 1).replace(/^\/$/, '')
      else at = next
    }
    return at || '/'
  }

  stat(path: string, cwd = '/', follow = true): Node | undefined {
    return this.#nodes.get(this.resolve(path, cwd, follow))
  }

  read(path: string, cwd = '/'): Buffer {
    const node = this.stat(path, cwd)
    if (!node) throw new FileError(`${path}: No such file or directory`)
    if (node.kind === 'folder') throw new FileError(`${path}: Is a directory`)
    return node.data
  }

  write(
    path: string,
    data: Buffer | string,
    options: { cwd?: string; mode?: number; owner?: string; append?: boolean } = {},
  ): void {
    const at = this.resolve(path, options.cwd)
    const old = this.#nodes.get(at)
    if (old?.kind === 'folder') throw new FileError(`${path}: Is a directory`)
    if (this.#nodes.get(parent(at))?.kind !== 'folder') throw new FileError(`${path}: No such file or directory`)
    const bytes = Buffer.from(data)
    const content = options.append && old ? Buffer.concat([old.data, bytes]) : bytes
    const fresh: Node = {
      kind: 'file',
      data: content,
      mode: options.mode ?? 0o644,
      owner: options.owner ?? 'root',
      group: options.owner ?? 'root',
    }
    this.#nodes.set(at, old ? { ...old, data: content } : fresh)
  }

  makeFolder(path: string, options: { cwd?: string; parents?: boolean; mode?: number; owner?: string } = {}): void {
    const at = this.resolve(path, options.cwd)
    const old = this.#nodes.get(at)
    if (old?.kind === 'folder' && options.parents) return
    if (old) throw new FileError(`${path}: File exists`)
    if (!this.#nodes.has(parent(at))) {
      if (!options.parents) throw new FileError(`${path}: No such file or directory`)
      this.makeFolder(parent(at), options)
    }
    this.#nodes.set(at, { ...folder(options.mode), owner: options.owner ?? 'root', group: options.owner ?? 'root' })
  }

  link(target: string, path: string, cwd = '/'): void {
    this.#nodes.set(this.resolve(path, cwd, false), {
      kind: 'link',
      data: Buffer.from(target),
      mode: 0o777,
      owner: 'root',
      group: 'root',
    })
  }

  change(path: string, cwd: string, change: Partial<Pick<Node, 'mode' | 'owner' | 'group'>>): void {
    const at = this.resolve(path, cwd)
    const node = this.#nodes.get(at)
    if (!node) throw new FileError(`${path}: No such file or directory`)
    this.#nodes.set(at, { ...node, ...change })
  }

  move(from: string, to: string, cwd = '/'): void {
    const source = this.resolve(from, cwd, false)
    let target = this.resolve(to, cwd, false)
    if (!this.#nodes.has(source)) throw new FileError(`${from}: No such file or directory`)
    if (this.#nodes.get(target)?.kind === 'folder') target = `${target}/${source.slice(source.lastIndexOf('/') + 1)}`
    for (const [path, node] of this.#below(source)) {
      this.#nodes.delete(path)
      this.#nodes.set(target + path.slice(source.length), node)
    }
  }

  remove(path: string, options: { cwd?: string; recursive?: boolean; force?: boolean } = {}): void {
    const at = this.resolve(path, options.cwd, false)
    const node = this.#nodes.get(at)
    if (!node) {
      if (options.force) return
      throw new FileError(`${path}: No such file or directory`)
    }
    if (node.kind === 'folder' && !options.recursive) throw new FileError(`${path}: Is a directory`)
    for (const [below] of this.#below(at)) this.#nodes.delete(below)
  }

  /** Names directly in a folder, sorted. */
  list(path: string, cwd = '/'): string[] {
    const at = this.resolve(path, cwd).replace(/\/$/, '')
    return [...this.#nodes.keys()]
      .filter((other) => other !== '/' && parent(other) === (at || '/'))
      .map((other) => other.slice(other.lastIndexOf('/') + 1))
      .sort()
  }

  paths(): string[] {
    return [...this.#nodes.keys()]
  }

  #below(path: string): [string, Node][] {
    return [...this.#nodes].filter(([other]) => other === path || other.startsWith(`${path}/`))
  }
}

function folder(mode = 0o755): Node {
  return { kind: 'folder', data: Buffer.alloc(0), mode, owner: 'root', group: 'root' }
}

function parent(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}
