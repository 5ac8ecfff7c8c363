import { PrerequisiteError } from '../core/errors.ts'
import { runHost } from '../core/subprocess.ts'

interface Route {
  dst?: string
}

/** A private /24 that no route of this host touches, as first address with prefix length: `10.88.13.1/24`. */
export async function findFreeSubnet(): Promise<string> {
  const output = await runHost(['ip', '-json', '-4', 'route', 'show', 'table', 'all'], {
    deadlineMs: 20_000,
    installHint: 'apt-get install iproute2',
  })
  const routes = (JSON.parse(output || '[]') as Route[]).map((route) => route.dst ?? '')
  return chooseSubnet(routes)
}

/** The first of a fixed row of candidates that overlaps none of the destinations. @throws PrerequisiteError when all are taken */
export function chooseSubnet(routes: readonly string[]): string {
  const taken = routes.flatMap((route) => parseRange(route) ?? [])
  for (let second = 88; second < 250; second++) {
    for (const third of [13, 71, 149, 203]) {
      const start = toNumber([10, second, third, 0])
      if (!taken.some((range) => range.start <= start + 255 && start <= range.end)) return `10.${second}.${third}.1/24`
    }
  }
  throw new PrerequisiteError('no free network 10.x.y.0/24 on this host', {
    hint: 'name one: HARNESS_LXD_SUBNET=192.168.250.1/24',
  })
}

function parseRange(destination: string): { start: number; end: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(destination)
  if (!match) return undefined
  const size = 2 ** (32 - Number(match[5] ?? 32))
  const start = Math.floor(toNumber(match.slice(1, 5).map(Number)) / size) * size
  return { start, end: start + size - 1 }
}

function toNumber(parts: readonly number[]): number {
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}
