import type { SystemFacts, Unit } from './facts.ts'
import { parseLinks, words } from './parse-lines.ts'

/** `systemctl list-units --all --plain --no-legend`. */
export function parseUnits(lines: readonly string[]): Unit[] {
  return lines.flatMap((line) => {
    const [name = '', load = '', active = '', sub = ''] = words(line.replace(/^[●*x]\s+/, '  '))
    return name.includes('.') && sub ? [{ name, load, active, sub }] : []
  })
}

/** `systemctl list-unit-files --no-legend`: unit and state. */
export function parseUnitFiles(lines: readonly string[]): Record<string, string> {
  const states: Record<string, string> = {}
  for (const line of lines) {
    const [name = '', state = ''] = words(line)
    if (name.includes('.') && state) states[name] = state
  }
  return states
}

/** States of unit files from the links of a root at rest: masked, enabled by a `.wants` or alias link, else disabled. */
export function unitFilesAtRest(names: readonly string[], linkLines: readonly string[]): Record<string, string> {
  const states: Record<string, string> = {}
  for (const name of names) if (/\.(service|socket|timer|target|path|mount)$/.test(name)) states[name] = 'disabled'
  for (const [path, target] of parseLinks(linkLines)) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const own = path.startsWith('/etc/')
    if (target === '/dev/null' || target.endsWith('/dev/null')) states[name] = 'masked'
    else if (/\.(wants|requires|upholds)\//.test(path)) {
      if (states[name] !== 'masked') states[name] = own ? 'enabled' : states[name] === 'enabled' ? 'enabled' : 'static'
    } else if (own) {
      const real = target.slice(target.lastIndexOf('/') + 1)
      if (states[real] !== undefined && states[real] !== 'masked') states[real] = 'enabled'
      if (name !== real) states[name] = 'alias'
    }
  }
  return states
}

const PARTS = ['firmware', 'loader', 'kernel', 'initrd', 'userspace'] as const

/** `systemd-analyze time`: `Startup finished in 1.2s (kernel) + 3.4s (userspace) = 4.6s`; a container has userspace only. */
export function parseBootTimes(lines: readonly string[]): SystemFacts['bootTimes'] | undefined {
  const line = lines.find((text) => text.startsWith('Startup finished'))
  if (!line) return undefined
  const times: SystemFacts['bootTimes'] = { total: 0 }
  for (const part of line.matchAll(/((?:[\d.]+(?:min|ms|us|s|h)\s*)+)\((\w+)\)/g)) {
    const name = PARTS.find((known) => known === part[2])
    if (name) times[name] = seconds(part[1] ?? '')
  }
  times.total = seconds(/= ([^=(]+)$/.exec(line)?.[1] ?? '') || PARTS.reduce((sum, name) => sum + (times[name] ?? 0), 0)
  return times
}

/** `systemd-analyze blame`. */
export function parseBlame(lines: readonly string[]): SystemFacts['blame'] {
  return lines.flatMap((line) => {
    const match = /^\s*((?:[\d.]+(?:min|ms|us|s|h)\s+)+)(\S+)$/.exec(line)
    return match ? [{ unit: match[2] ?? '', seconds: seconds(match[1] ?? '') }] : []
  })
}

const UNIT = { h: 3600, min: 60, s: 1, ms: 0.001, us: 0.000001 } as const

function seconds(text: string): number {
  let total = 0
  for (const part of text.matchAll(/([\d.]+)(min|ms|us|s|h)/g))
    total += Number(part[1]) * UNIT[part[2] as keyof typeof UNIT]
  return Math.round(total * 1e6) / 1e6
}
