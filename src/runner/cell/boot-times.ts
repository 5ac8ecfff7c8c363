import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Where the time of the last boot went, in milliseconds, from the logs that were kept: `boot.kernel`, `boot.userspace`,
 * `cloud-init.init-local` and so on. Empty for what the instance does not tell.
 */
export async function readBootTimes(logsDir: string): Promise<Record<string, number>> {
  const [systemd, analyze] = await Promise.all([
    readFile(join(logsDir, 'systemd/time.txt'), 'utf8').catch(() => ''),
    readFile(join(logsDir, 'cloud-init/analyze-dump.json'), 'utf8').catch(() => ''),
  ])
  return { ...parseSystemdTime(systemd), ...parseAnalyzeDump(analyze) }
}

const PIECE = /((?:\d{1,6}(?:\.\d{1,6})?(?:h|min|s|ms|us) ?){1,4})\((firmware|loader|kernel|initrd|userspace)\)/g
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, min: 60_000, s: 1000, ms: 1, us: 0.001 }

/** Pieces of `systemd-analyze time`: `Startup finished in 1.2s (kernel) + 1min 3.4s (userspace) = 1min 4.6s`. */
export function parseSystemdTime(text: string): Record<string, number> {
  const [line = ''] = text.slice(0, 2000).split('\n')
  const pieces = [...line.matchAll(PIECE)].map(([, time = '', name = '']): [string, number] => {
    const parts = [...time.matchAll(/(\d+(?:\.\d+)?)(h|min|ms|us|s)/g)]
    return [
      `boot.${name}`,
      Math.round(parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNIT_MS[unit ?? 's'] ?? 0), 0)),
    ]
  })
  return Object.fromEntries(pieces)
}

const STAGES: Readonly<Record<string, string>> = {
  'init-local': 'init-local',
  'init-network': 'init',
  'modules-config': 'config',
  'modules-final': 'final',
}

/** Stages of the last boot in `cloud-init analyze dump`: from the first start after an earlier finish to the last finish. */
export function parseAnalyzeDump(text: string): Record<string, number> {
  const values: Record<string, number> = {}
  const started = new Map<string, number>()
  for (const event of readDump(text)) {
    const stage = typeof event.name === 'string' ? STAGES[event.name] : undefined
    const seconds = typeof event.timestamp === 'number' ? event.timestamp : Number.NaN
    if (stage === undefined || !Number.isFinite(seconds)) continue
    const from = started.get(stage)
    if (event.event_type === 'start') started.set(stage, from ?? seconds)
    else if (event.event_type === 'finish' && from !== undefined && seconds >= from) {
      values[`cloud-init.${stage}`] = Math.round((seconds - from) * 1000)
      started.delete(stage)
    }
  }
  return values
}

function readDump(text: string): { name?: unknown; event_type?: unknown; timestamp?: unknown }[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter((event) => typeof event === 'object' && event !== null) : []
  } catch {
    return []
  }
}
