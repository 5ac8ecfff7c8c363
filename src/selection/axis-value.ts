import type { CellSummary } from '../results/event.ts'

/** The value of an axis of a cell, also of those its image tells; `default` where the matrix has no such axis. */
export function axisValue(cell: CellSummary, axis: string): string {
  const told: Record<string, string> = {
    platform: cell.platform,
    image: cell.image,
    distribution: cell.distribution,
    release: cell.release,
    'instance-type': cell.instanceType,
    boot: cell.boot,
  }
  return cell.axes?.[axis] ?? told[axis] ?? 'default'
}
