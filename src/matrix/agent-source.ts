import { ConfigError } from '../core/errors.ts'
import type { AgentSource } from './cell.ts'

const EXAMPLES =
  'write none, release, suite:sid, package:./agent.deb, "repository:deb http://host/path suite main [key=FILE]" or command:TEXT'

/**
 * Reads an agent source as people write it.
 * @throws ConfigError with the known forms when `text` is none of them.
 */
export function parseAgentSource(text: string): AgentSource {
  const source = text.trim()
  if (source === 'none' || source === 'release') return { kind: source }
  const colon = source.indexOf(':')
  const kind = colon < 0 ? source : source.slice(0, colon)
  const rest = colon < 0 ? '' : source.slice(colon + 1).trim()
  switch (kind) {
    case 'suite':
      if (/^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(rest)) return { kind, suite: rest }
      throw refused(text, rest ? `"${rest}" is not the name of a suite` : 'the name of the suite is missing')
    case 'package':
      if (rest) return { kind, path: rest }
      throw refused(text, 'the path of the package is missing')
    case 'command':
      if (rest) return { kind, command: rest }
      throw refused(text, 'the command is missing')
    case 'repository': {
      const match = /^(.*?)(?:\s*\[key=([^\]]+)\])?$/s.exec(rest)
      const line = match?.[1]?.trim() ?? ''
      if (!line) throw refused(text, 'the repository line is missing')
      return { kind, line, ...(match?.[2] === undefined ? {} : { key: match[2].trim() }) }
    }
    default:
      throw refused(text, 'there is no such kind')
  }
}

/** The text form of a source, the inverse of `parseAgentSource`. */
export function formatAgentSource(source: AgentSource): string {
  switch (source.kind) {
    case 'none':
    case 'release':
      return source.kind
    case 'suite':
      return `suite:${source.suite}`
    case 'package':
      return `package:${source.path}`
    case 'command':
      return `command:${source.command}`
    case 'repository':
      return `repository:${source.line}${source.key === undefined ? '' : ` [key=${source.key}]`}`
  }
}

function refused(text: string, why: string): ConfigError {
  return new ConfigError(`"${text}" is not a source of an agent: ${why}`, { hint: EXAMPLES })
}
