import { open, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'

const PIECE_BYTES = 128 * 1024
/** What guests say is capped where it is collected; these limits protect the database from everything else. */
const FILE_BYTES = 32 * 1024 * 1024
const CELL_BYTES = 128 * 1024 * 1024

/** Some bytes of a file. */
export interface Piece {
  /** Relative to the folder of the run. */
  path: string
  offset: number
  data: Buffer
}

/** The files of one cell that were not sent yet, in pieces. */
export class CellFiles {
  readonly #runDir: string
  readonly #dir: string
  readonly #sent = new Map<string, string>()
  #bytes = 0
  #leftOut: string[] = []

  constructor(runDir: string, cell: string) {
    this.#runDir = runDir
    this.#dir = join(runDir, 'cells', cell)
  }

  /** Pieces of every file that is new or changed since the last call. A file begins with the piece at 0, also an empty one. */
  async *pieces(): AsyncGenerator<Piece> {
    const entries = await readdir(this.#dir, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const { size, mtimeMs } = await stat(file)
      const mark = `${size} ${mtimeMs}`
      if (this.#sent.get(file) === mark) continue
      this.#sent.set(file, mark)
      yield* this.#piecesOf(file)
    }
  }

  /** Files that were cut because they are too large, since the last call. */
  takeLeftOut(): string[] {
    const taken = this.#leftOut
    this.#leftOut = []
    return taken
  }

  async *#piecesOf(file: string): AsyncGenerator<Piece> {
    const path = relative(this.#runDir, file)
    const handle = await open(file, 'r')
    try {
      for (let offset = 0; ;) {
        const room = Math.min(PIECE_BYTES, FILE_BYTES - offset, CELL_BYTES - this.#bytes)
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(room, 1)), 0, Math.max(room, 1), offset)
        if (room <= 0 && bytesRead > 0) {
          this.#leftOut.push(path)
          return
        }
        if (bytesRead === 0 && offset > 0) return
        yield { path, offset, data: buffer.subarray(0, bytesRead) }
        if (bytesRead === 0) return
        offset += bytesRead
        this.#bytes += bytesRead
      }
    } finally {
      await handle.close()
    }
  }
}
