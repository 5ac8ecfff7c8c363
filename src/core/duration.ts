import { ConfigError } from './errors.ts'

type Unit = 'ms' | 'second' | 'seconds' | 'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days'

/** A length of time as people write it: `"90 seconds"`, `"5 minutes"`, `"250 ms"`. The compiler checks the unit. */
export type Duration = `${number} ${Unit}`

const UNIT_MS: Record<Unit, number> = {
  ms: 1,
  second: 1000,
  seconds: 1000,
  minute: 60_000,
  minutes: 60_000,
  hour: 3_600_000,
  hours: 3_600_000,
  day: 86_400_000,
  days: 86_400_000,
}

/**
 * Milliseconds of a duration.
 * @throws ConfigError when `text` is not a number followed by a unit.
 */
export function toMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?) (ms|seconds?|minutes?|hours?|days?)$/.exec(text.trim())
  if (!match) {
    throw new ConfigError(`"${text}" is not a duration`, {
      hint: 'write a number and a unit, for example "90 seconds" or "5 minutes"',
    })
  }
  return Number(match[1]) * UNIT_MS[match[2] as Unit]
}

/** `ms` for people: `0.4 s`, `12.3 s`, `4 min 05 s`, `1 h 02 min`. */
export function formatMs(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`
}
