/** What a tar archive says about one file. Names are bytes, one per character, and relative. */
export interface TarEntry {
  path: string
  kind: 'file' | 'directory' | 'link' | 'hard-link' | 'fifo'
  mode: number
  uid: number
  gid: number
  mtime: number
  size: number
  /** Target of a link. */
  target?: string
  attributes?: ReadonlyMap<string, Buffer>
  /** Of a file with holes: its real size. `size` is then that of what follows: the map of its ranges, and their bytes. */
  realSize?: number
}

const TYPES = { file: '0', 'hard-link': '1', link: '2', directory: '5', fifo: '6' } as const
const BLOCK = 512

/** The headers of an entry; its content follows, padded by `padding`. What does not fit into the old header goes into a pax header before it. */
export function tarHeader(entry: TarEntry): Buffer {
  const extended: Buffer[] = []
  const path = Buffer.from(entry.kind === 'directory' ? `${entry.path}/` : entry.path, 'latin1')
  const target = Buffer.from(entry.target ?? '', 'latin1')
  if (path.length > 100) extended.push(record('path', path))
  if (target.length > 100) extended.push(record('linkpath', target))
  if (entry.size >= 8 ** 11) extended.push(record('size', Buffer.from(String(entry.size))))
  for (const [key, value] of [
    ['uid', entry.uid],
    ['gid', entry.gid],
  ] as const)
    if (value >= 8 ** 7) extended.push(record(key, Buffer.from(String(value))))
  if (entry.mtime < 0 || entry.mtime >= 8 ** 11) extended.push(record('mtime', Buffer.from(String(entry.mtime))))
  for (const [name, value] of entry.attributes ?? []) extended.push(record(`SCHILY.xattr.${name}`, value))
  if (entry.realSize !== undefined) {
    extended.push(record('GNU.sparse.major', Buffer.from('1')), record('GNU.sparse.minor', Buffer.from('0')))
    extended.push(record('GNU.sparse.name', path), record('GNU.sparse.realsize', Buffer.from(String(entry.realSize))))
  }
  const pax = Buffer.concat(extended)
  const own = header(entry, path, target)
  if (pax.length === 0) return own
  const before = header({ ...entry, kind: 'file', size: pax.length }, Buffer.from('pax'), Buffer.alloc(0), 'x')
  return Buffer.concat([before, pax, padding(pax.length), own])
}

/** What precedes the bytes of a file with holes: which ranges they are, padded. */
export function sparseMap(ranges: readonly { start: number; bytes: number }[], realSize: number): Buffer {
  // the last range marks the end where a hole ends the file
  const numbers = [ranges.length + 1, ...ranges.flatMap(({ start, bytes }) => [start, bytes]), realSize, 0]
  const map = Buffer.from(numbers.map((number) => `${number}\n`).join(''))
  return Buffer.concat([map, padding(map.length)])
}

/** Zeros up to the next block. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK)
}

/** The end of an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK)

function header(entry: TarEntry, path: Buffer, target: Buffer, type: string = TYPES[entry.kind]): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, width: number) => {
    const fitting = value >= 0 && value < 8 ** (width - 1) ? value : 0
    block.write(`${fitting.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  }
  path.copy(block, 0, 0, 100)
  octal(entry.mode & 0o7777, 100, 8)
  octal(entry.uid, 108, 8)
  octal(entry.gid, 116, 8)
  octal(entry.size, 124, 12)
  octal(entry.mtime, 136, 12)
  block.write('        ', 148, 'latin1')
  block.write(type, 156, 'latin1')
  target.copy(block, 157, 0, 100)
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}
