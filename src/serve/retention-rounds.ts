import type { Archive } from '../archive/archive.ts'
import { applyRetention, type RetentionReport } from '../archive/retention.ts'
import { pause } from '../core/wait-until.ts'
import type { Metrics } from './metrics.ts'

/** When a server removes what is old. */
export interface RetentionRounds {
  /** Milliseconds from the end of a round to the next; the first begins at once. */
  everyMs: number
  /** Most bytes that logs may take. */
  mostBytes?: number
  /** Results that are kept because somebody refers to them. */
  keep?: () => Promise<ReadonlySet<string>>
  onRound?(report: RetentionReport): void
}

/** Removes what is old, round after round, until it is disposed. A round that fails is told, and the next one tries again. */
export function startRetention(
  archive: Archive,
  rounds: RetentionRounds,
  { metrics, now, onError }: { metrics: Metrics; now: () => number; onError: (message: string) => void },
): AsyncDisposable {
  metrics.define('harness_retention_removed_total', 'counter', 'What was removed because it was old.')
  metrics.define('harness_retention_seconds', 'gauge', 'When the last round ended, in seconds of Unix time.')
  const stop = new AbortController()
  let endedAt = 0
  metrics.gauge('harness_retention_seconds', () => endedAt / 1000)
  const round = async () => {
    const { mostBytes } = rounds
    const keep = await rounds.keep?.()
    const report = await applyRetention(archive, {
      now: now(),
      ...(mostBytes === undefined ? {} : { mostBytes }),
      ...(keep ? { keep } : {}),
    })
    for (const what of ['logs', 'checks', 'rows'] as const)
      metrics.add('harness_retention_removed_total', { what }, report[what])
    endedAt = now()
    rounds.onRound?.(report)
  }
  const ended = (async () => {
    while (!stop.signal.aborted) {
      await round().catch((error: unknown) =>
        onError(`nothing more is removed in this round: ${error instanceof Error ? error.message : String(error)}`),
      )
      await pause(rounds.everyMs, stop.signal)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
    },
  }
}
