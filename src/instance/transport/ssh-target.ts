import type { Duplex } from 'node:stream'
import { ConfigError } from '../../core/errors.ts'

/** Where and how to log in over SSH. */
export interface SshTarget {
  host: string
  /** Default 22. */
  port?: number
  /** Bytes from and to the server; `host` is then a name for messages only. Default: a connection to `host`. */
  stream?: Duplex
  user: string
  /** OpenSSH or PEM private key, unencrypted. */
  privateKey: string
  /** The keys the host may show, as `type base64` lines (a trailing comment is ignored). No other key is trusted, and an empty list trusts none. */
  hostKeys: readonly string[]
  /** Milliseconds until the connection must be usable. */
  deadlineMs: number
  signal?: AbortSignal
}

export interface HostKey {
  type: string
  base64: string
}

/** Reads `type base64 [comment]` lines, also with the host names of a known_hosts line in front. @throws ConfigError */
export function parseHostKeys(lines: readonly string[]): HostKey[] {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /(?:^|\s)((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line)
      if (!match?.[1] || !match[2] || line.startsWith('@')) {
        throw new ConfigError(`"${line.slice(0, 80)}" is not an SSH host key`, {
          hint: 'write it as `ssh-ed25519 AAAA...`',
        })
      }
      return { type: match[1], base64: match[2] }
    })
}
