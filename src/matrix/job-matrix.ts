import type { Cell } from './cell.ts'

/** One job of a dynamic matrix. */
export interface Job {
  name: string
  platform: string
  /** Ids for one `--filter`, with spaces between them. */
  cells: string
  /** Expected minutes of machine time. */
  minutes: number
}

/** More jobs than this one workflow may not have. */
export const MOST_JOBS = 256

/**
 * Divides cells over jobs: one for each cell while there are few enough, else groups of about equal length, none with two platforms
 * unless there are more platforms than jobs. The same cells give the same jobs.
 */
export function jobMatrix(
  cells: readonly Cell[],
  secondsOf: (cell: Cell) => number,
  most = MOST_JOBS,
): { include: Job[] } {
  if (cells.length <= most) return { include: cells.map((cell) => job(cell.id, [cell], secondsOf)) }
  const platforms = [...Map.groupBy(cells, (cell) => cell.platform)]
  if (platforms.length > most) return { include: numbered('cells', balanced(cells, secondsOf, most), secondsOf) }
  const jobs = new Map(platforms.map(([platform]) => [platform, 1]))
  const share = (platform: string, its: readonly Cell[]) => its.length / (jobs.get(platform) ?? 1)
  for (let spare = most - platforms.length; spare > 0; spare--) {
    const [platform] = platforms.reduce((a, b) => (share(...b) > share(...a) ? b : a))
    jobs.set(platform, (jobs.get(platform) ?? 1) + 1)
  }
  return {
    include: platforms.flatMap(([platform, its]) =>
      numbered(platform, balanced(its, secondsOf, jobs.get(platform) ?? 1), secondsOf),
    ),
  }
}

function numbered(name: string, groups: readonly Cell[][], secondsOf: (cell: Cell) => number): Job[] {
  return groups.map((group, index) => job(`${name} ${index + 1}/${groups.length}`, group, secondsOf))
}

function job(name: string, cells: readonly Cell[], secondsOf: (cell: Cell) => number): Job {
  const seconds = cells.reduce((sum, cell) => sum + secondsOf(cell), 0)
  const platform = [...new Set(cells.map((cell) => cell.platform))].join(' ')
  return { name, platform, cells: cells.map((cell) => cell.id).join(' '), minutes: Math.ceil(seconds / 60) }
}

/** The longest cell goes to the shortest group. */
function balanced(cells: readonly Cell[], secondsOf: (cell: Cell) => number, count: number): Cell[][] {
  const groups = Array.from({ length: count }, () => ({ cells: [] as Cell[], seconds: 0 }))
  for (const cell of [...cells].sort((a, b) => secondsOf(b) - secondsOf(a) || (a.id < b.id ? -1 : 1))) {
    const shortest = groups.reduce((a, b) => (b.seconds < a.seconds ? b : a))
    shortest.cells.push(cell)
    shortest.seconds += secondsOf(cell)
  }
  return groups.map((group) => group.cells)
}
