import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { formatAgentSource, parseAgentSource } from '../matrix/agent-source.ts'
import type { Cell } from '../matrix/cell.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'
import type { Path } from '../matrix/yaml-source.ts'

/** An agent source of the command line: its paths count from where it was started. @throws ConfigError when it is none */
export function ownSource(text: string): string {
  const source = parseAgentSource(text)
  if (source.kind === 'package') return formatAgentSource({ ...source, path: resolve(source.path) })
  if (source.kind === 'repository' && source.key !== undefined && !/^https?:/.test(source.key))
    return formatAgentSource({ ...source, key: resolve(source.key) })
  return text
}

/**
 * Packages and keys that are not there, each once: with line and column where a file says it.
 * @param ofCommandLine whether the source was given as an option
 */
export async function missingAgents(
  cells: readonly Cell[],
  loaded: LoadedMatrix,
  ofCommandLine: boolean,
): Promise<ConfigError[]> {
  const missing = new Map<string, ConfigError>()
  for (const { agent, agentSource: source } of cells) {
    const path = source.kind === 'package' ? source.path : source.kind === 'repository' ? source.key : undefined
    if (path === undefined || /^https?:/.test(path) || missing.has(path)) continue
    const info = await stat(path).catch(() => undefined)
    if (info?.isFile()) continue
    const what = source.kind === 'package' ? 'package' : 'key'
    const place = ofCommandLine ? undefined : pathOf(loaded.matrix, agent.source)
    const error = new ConfigError(info ? `the ${what} ${path} is not a file` : `there is no ${what} ${path}`, {
      ...(place ? { position: loaded.positionOf(place) } : {}),
      hint: ofCommandLine
        ? 'correct --agent-source; its path counts from the working directory'
        : 'correct the path; it counts from the folder of the matrix',
    })
    missing.set(path, error)
  }
  return [...missing.values()]
}

/** Where a text stands in a matrix. */
function pathOf(value: unknown, text: string, path: Path = []): Path | undefined {
  if (value === text) return path
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found = pathOf(inner, text, [...path, Array.isArray(value) ? Number(key) : key])
    if (found) return found
  }
  return undefined
}
