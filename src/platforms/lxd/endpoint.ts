import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, PrerequisiteError } from '../../core/errors.ts'

/** Where the daemon is reached. */
export type Endpoint =
  | { kind: 'unix'; socketPath: string }
  | { kind: 'https'; url: string; cert: string; key: string; serverCert: string }

export interface EndpointOptions {
  /** Path of a unix socket. */
  socket?: string | undefined
  /** `https://host:8443` of a remote server; needs the three certificate files. */
  url?: string | undefined
  /** PEM files: client certificate, its key, and the certificate of the server. */
  clientCert?: string | undefined
  clientKey?: string | undefined
  serverCert?: string | undefined
}

/** Sockets of a daemon on this host, most wanted first. */
export function socketCandidates(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = [
    env.LXD_SOCKET,
    env.LXD_DIR && join(env.LXD_DIR, 'unix.socket'),
    env.INCUS_SOCKET,
    env.INCUS_DIR && join(env.INCUS_DIR, 'unix.socket'),
  ].filter((path): path is string => Boolean(path))
  return [
    ...named,
    join(env.HARNESS_LXD_DIR || '/var/lib/harness/lxd', 'unix.socket'),
    '/var/snap/lxd/common/lxd/unix.socket',
    '/var/lib/lxd/unix.socket',
    '/run/incus/unix.socket',
    '/var/lib/incus/unix.socket',
  ]
}

/**
 * Finds the daemon to use: the one named in the options, else by environment, else the first socket that exists.
 * @throws PrerequisiteError when there is none; ConfigError when a remote lacks a certificate.
 */
export async function findEndpoint(options: EndpointOptions, env: NodeJS.ProcessEnv = process.env): Promise<Endpoint> {
  if (options.url !== undefined) return remote(options, options.url)
  const candidates = options.socket === undefined ? socketCandidates(env) : [options.socket]
  const socketPath = candidates.find((path) => existsSync(path))
  if (socketPath !== undefined) return { kind: 'unix', socketPath }
  throw new PrerequisiteError(`no LXD or Incus daemon: none of these sockets exists: ${candidates.join(', ')}`, {
    hint: './harness setup',
  })
}

/** For messages. */
export function describeEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? endpoint.socketPath : endpoint.url
}

async function remote(options: EndpointOptions, url: string): Promise<Endpoint> {
  const { clientCert, clientKey, serverCert } = options
  if (!url.startsWith('https://') || !URL.canParse(url)) {
    throw new ConfigError(`"${url}" is not an https address of an LXD server`, {
      hint: 'write it like https://lxd.example.org:8443',
    })
  }
  if (clientCert === undefined || clientKey === undefined || serverCert === undefined) {
    throw new ConfigError(`the remote LXD ${url} needs clientCert, clientKey and serverCert`, {
      hint: 'name the PEM files; the server shows its certificate in GET /1.0 and in server.crt',
    })
  }
  const [cert, key, pinned] = await Promise.all([clientCert, clientKey, serverCert].map(readPem))
  return { kind: 'https', url, cert: cert ?? '', key: key ?? '', serverCert: pinned ?? '' }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read the certificate file ${path}`, { cause: error })
  }
}
