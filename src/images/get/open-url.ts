import { Agent as HttpAgent, type IncomingMessage, get as httpGet } from 'node:http'
import { Agent as HttpsAgent, get as httpsGet } from 'node:https'
import { CancelledError, ConfigError } from '../../core/errors.ts'
import { DownloadError } from './download-error.ts'

export interface UrlOptions {
  /** Hosts a redirect may lead to besides the first one: a name, `*.name` for what is below it, or `*` for any. */
  hosts: readonly string[]
  /** Milliseconds without a byte after which the line counts as broken. Default 30 s. */
  stallMs?: number
  /** Milliseconds before a broken request is made again; it grows. Default 500. */
  retryMs?: number
  /** Certificates to trust instead of the system's, PEM. */
  ca?: string
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
}

const MOST_REDIRECTS = 5
const STALL_MS = 30_000
const AGENT = 'harness image get'

/**
 * GET, following redirects to allowed hosts only and never from https to http. Proxies of the environment are used.
 * Resolves with an answer of any status but a redirect; its body breaks with a DownloadError when nothing comes for `stallMs`.
 * @throws DownloadError, CancelledError, ConfigError for what is no http address
 */
export async function openUrl(address: string, options: UrlOptions): Promise<IncomingMessage> {
  const first = parseUrl(address)
  let url = first
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await request(url, options)
    const { location } = response.headers
    if (!isRedirect(response.statusCode) || location === undefined) return response
    response.destroy()
    url = nextUrl(first, url, location, options.hosts)
  }
  throw new DownloadError('redirect', `${first.href} leads from one redirect to the next`)
}

function nextUrl(first: URL, from: URL, location: string, hosts: readonly string[]): URL {
  const to = URL.parse(location, from.href)
  if (!to || (to.protocol !== 'https:' && to.protocol !== 'http:'))
    throw new DownloadError('redirect', `${from.href} redirects to something that is no web address`)
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new DownloadError('redirect', `${from.href} redirects from https to http, to ${to.host}`)
  if (to.host !== first.host && !hosts.some((pattern) => matchesHost(to.hostname, pattern)))
    throw new DownloadError('redirect', `${from.href} redirects to ${to.host}, which is not a host of its publisher`)
  return to
}

/** Whether a host is what a pattern of an allow-list means. */
export function matchesHost(host: string, pattern: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

function isRedirect(status: number | undefined): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

function parseUrl(address: string): URL {
  const url = URL.parse(address)
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new ConfigError(`${address} is not a web address`)
}

function request(url: URL, options: UrlOptions): Promise<IncomingMessage> {
  const { signal, ca } = options
  const stallMs = options.stallMs ?? STALL_MS
  const headers = { 'user-agent': AGENT, 'accept-encoding': 'identity', ...options.headers }
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new CancelledError(`cancelled before ${url.href} was asked`))
    const proxied = { proxyEnv: process.env }
    const call =
      url.protocol === 'https:'
        ? httpsGet(url, { headers, agent: new HttpsAgent({ ...proxied, ...(ca === undefined ? {} : { ca }) }) })
        : httpGet(url, { headers, agent: new HttpAgent(proxied) })
    let answer: IncomingMessage | undefined
    const breakOff = (error: Error) => (answer ?? call).destroy(error)
    const cancel = () => breakOff(new CancelledError(`the download of ${url.href} was cancelled`))
    signal?.addEventListener('abort', cancel, { once: true })
    call.setTimeout(stallMs, () =>
      breakOff(new DownloadError('stalled', `${url.host} sent nothing for ${Math.round(stallMs / 1000)} s`)),
    )
    call.on('close', () => signal?.removeEventListener('abort', cancel))
    call.on('error', (error: NodeJS.ErrnoException) => reject(networkError(url, error)))
    call.on('response', (response) => {
      answer = response
      resolve(response)
    })
  })
}

/** What the line to a server says when it breaks. */
export function networkError(url: URL, error: NodeJS.ErrnoException): Error {
  if (error instanceof DownloadError || error instanceof CancelledError) return error
  const certificate = /CERT|SSL|TLS|ALTNAME|SIGNATURE/.test(error.code ?? '')
  const details = error.message || (error.code ?? 'it broke')
  return new DownloadError('network', `no answer from ${url.host}: ${details}`, {
    cause: error,
    again: !certificate && error.code !== 'ENOTFOUND',
    ...(certificate
      ? { hint: 'the certificate of the server is not trusted; NODE_EXTRA_CA_CERTS adds an authority' }
      : {}),
  })
}
