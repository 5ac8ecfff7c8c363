import { ConfigError } from '../core/errors.ts'
import type { Cell } from './cell.ts'
import { matchesGlob } from './glob.ts'
import { nearest } from './nearest.ts'

export interface Selection {
  /** Globs over cell ids; one without a slash matches any part. Any of them selects. */
  filter?: readonly string[]
  platform?: readonly string[]
  image?: readonly string[]
}

/** The cells a selection names; every kind of filter that is given must agree. @throws ConfigError when nothing is left */
export function selectCells(cells: readonly Cell[], selection: Selection): Cell[] {
  const { filter = [], platform = [], image = [] } = selection
  const chosen = cells.filter(
    (cell) =>
      (filter.length === 0 || filter.some((glob) => matchesCell(cell.id, glob))) &&
      (platform.length === 0 || platform.some((glob) => matchesGlob(cell.platform, glob))) &&
      (image.length === 0 || image.some((glob) => matchesGlob(cell.image, glob))),
  )
  if (chosen.length > 0 || cells.length === 0) return chosen
  const said = [...filter, ...platform, ...image]
  const words = new Set(cells.flatMap((cell) => [cell.id, ...cell.id.split('/'), cell.image]))
  const near = said.map((word) => nearest(word, words)).find((word) => word !== undefined)
  throw new ConfigError(`no cell matches ${said.map((word) => `"${word}"`).join(' ')}`, {
    hint: near
      ? `did you mean "${near}"?`
      : `the cells are ${cells
          .slice(0, 12)
          .map((cell) => cell.id)
          .join(', ')}${cells.length > 12 ? ', ...' : ''}`,
  })
}

/** Whether a glob of the user names this cell: the whole id, a beginning of it up to a slash, or, without a slash, one of its parts. */
export function matchesCell(id: string, glob: string): boolean {
  if (matchesGlob(id, glob) || matchesGlob(id, `${glob}/*`)) return true
  return !glob.includes('/') && id.split('/').some((part) => matchesGlob(part, glob))
}
