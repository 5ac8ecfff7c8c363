/**
 * The six words of KCIDB, because they say who must act:
 * `pass`; `fail` the image or agent is bad; `error` the check itself broke; `miss` not judged: harness, host or provider failed;
 * `skip` not applicable, always with a reason; `done` a measurement without a verdict.
 */
export type Status = 'pass' | 'fail' | 'error' | 'miss' | 'skip' | 'done'

/** Worst first: the status of a group is the first of these that occurs in it. */
export const STATUS_ORDER: readonly Status[] = ['fail', 'error', 'miss', 'pass', 'done', 'skip']

/** The status of a group of results. An empty group was not judged: `miss`. */
export function worstStatus(statuses: Iterable<Status>): Status {
  let worst: Status | undefined
  for (const status of statuses) {
    if (status === STATUS_ORDER[0]) return status
    if (worst === undefined || RANK[status] < RANK[worst]) worst = status
  }
  return worst ?? 'miss'
}

const RANK = Object.fromEntries(STATUS_ORDER.map((status, rank) => [status, rank])) as Record<Status, number>

/** Exit codes of the command line. */
export const EXIT = { pass: 0, fail: 1, config: 2, miss: 3, leak: 4, bug: 70, interrupted: 130 } as const

/** Exit code of a run. What an image did wrong comes before what the harness could not do. `blocked`: the gate is shut for another reason. */
export function exitCodeOf(
  statuses: readonly Status[],
  run: { interrupted: boolean; leaks: number; blocked?: boolean },
): number {
  if (run.interrupted) return EXIT.interrupted
  if (statuses.includes('fail') || run.blocked) return EXIT.fail
  if (run.leaks > 0) return EXIT.leak
  if (statuses.includes('error') || statuses.includes('miss')) return EXIT.miss
  return EXIT.pass
}
