import { ConfigError } from '../core/errors.ts'
import type { Archive } from '../archive/archive.ts'
import { archiveHead } from '../archive/read/submissions.ts'
import { keyId } from '../publish/keys.ts'
import { readPublicKey } from '../publish/envelope.ts'
import { apiRoutes } from './api-routes.ts'
import { Buckets } from './buckets.ts'
import { listen } from './http-server.ts'
import type { ReadIssues } from './issue-source.ts'
import { DEFAULT_LIMITS, type ServeLimits } from './limits.ts'
import { Metrics } from './metrics.ts'
import { TokenVerifier } from './oidc.ts'
import { problem, type Reply, type Request } from './reply.ts'
import { startRetention, type RetentionRounds } from './retention-rounds.ts'
import { findRoute, type Route, type ServeContext } from './route.ts'
import { UploadTickets } from './upload-tickets.ts'

/** Makes pages for people: the part of the server that knows what they look like. */
export type Pages = (request: Request) => Promise<Reply | undefined>

export interface ServeOptions {
  archive: Archive
  host: string
  port: number
  /** How others reach this server; tokens are bound to it. Default what it listens on. */
  publicUrl?: string
  title?: string
  trustedProxies?: readonly string[]
  limits?: Partial<ServeLimits>
  pages?: Pages
  issues?: ReadIssues
  /** Absent: nothing is removed because it is old. */
  retention?: RetentionRounds
  now?: () => number
  onError?(message: string): void
}

export interface ResultsServer extends AsyncDisposable {
  url: string
}

/**
 * Answers requests until it is disposed; then open requests may end.
 * @throws ConfigError when nobody could submit or keys are those of an example
 */
export async function serve(options: ServeOptions): Promise<ResultsServer> {
  const { archive, now = Date.now } = options
  refuseUnreadyKeys(archive)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const metrics = new Metrics()
  defineMetrics(metrics)
  const context: ServeContext = {
    archive,
    limits,
    publicUrl: options.publicUrl?.replace(/\/+$/, '') ?? '',
    title: options.title ?? 'Image test results',
    tickets: new UploadTickets(),
    tokens: new TokenVerifier(archive.sql, () => context.publicUrl, now),
    metrics,
    issues: options.issues,
    now,
  }
  const reads = new Buckets(limits.readBurst, limits.readsPerSecond)
  const writes = new Buckets(limits.writeBurst, limits.writesPerSecond)
  const onError = (message: string) => {
    metrics.add('harness_errors_total')
    options.onError?.(message)
  }
  const server = await listen({
    host: options.host,
    port: options.port,
    limits,
    trustedProxies: options.trustedProxies ?? [],
    async handle(request) {
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      const wait = (isRead ? reads : writes).take(request.address, now())
      if (wait > 0) {
        const seconds = String(Math.ceil(wait / 1000))
        return problem(429, 'too many requests from this address', { headers: { 'retry-after': seconds } })
      }
      return await handle(context, apiRoutes, request, options.pages)
    },
    onReply: (method, status) => metrics.add('harness_requests_total', { method, status: String(status) }),
    onError,
  })
  context.publicUrl ||= `http://${options.host}:${server.port}`
  metrics.gauge('harness_connections', () => server.connections())
  metrics.gauge('harness_log_head', async () => (await archiveHead(archive)).seq)
  metrics.gauge('harness_spool_bytes', () => archive.spool.size())
  metrics.gauge('harness_memory_bytes', () => process.memoryUsage.rss())
  const rounds = options.retention && startRetention(archive, options.retention, { metrics, now, onError })
  return {
    url: `http://${options.host}:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rounds?.[Symbol.asyncDispose]()
    },
  }
}

/** Answers one request by the routes of the API, else by the pages. */
export async function handle(
  context: ServeContext,
  routes: readonly Route[],
  request: Request,
  pages?: Pages,
): Promise<Reply> {
  const found = findRoute(routes, request.method, request.path)
  if ('route' in found) {
    const { route, parts } = found
    const query = route.query?.strict().safeParse(Object.fromEntries(request.query))
    if (query && !query.success) {
      const [issue] = query.error.issues
      const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.')
      return problem(400, `the query is not right: ${name}: ${issue?.message ?? ''}`)
    }
    return await route.handle(context, { request, path: parts, query: query?.data ?? {} })
  }
  if (found.other.length > 0)
    return problem(405, `${request.method} is not for this address`, { headers: { allow: found.other.join(', ') } })
  return (await pages?.(request)) ?? problem(404, 'there is nothing at this address')
}

/** The key in the documentation, which everybody has. */
const EXAMPLE_KEY = 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='

function refuseUnreadyKeys({ submitters, key }: Archive): void {
  const all = submitters.flatMap(({ id, credentials }) => credentials.map((credential) => ({ id, credential })))
  if (all.length === 0) {
    throw new ConfigError('nobody is registered, so nobody could submit', {
      hint: 'write submitters/ID.yaml with a public key: harness key show FILE',
    })
  }
  const example = keyId(readPublicKey(EXAMPLE_KEY))
  for (const { id, credential } of all) {
    if (credential.id === example)
      throw new ConfigError(`the key of ${id} is the one of the documentation`, { hint: 'harness key new FILE' })
    if (credential.id === key.id)
      throw new ConfigError(`${id} is registered with the key of the archive itself`, { hint: 'harness key new FILE' })
  }
}

function defineMetrics(metrics: Metrics): void {
  metrics.define('harness_requests_total', 'counter', 'Answers by method and status.')
  metrics.define('harness_errors_total', 'counter', 'Faults of the server.')
  metrics.define('harness_submissions_total', 'counter', 'Submissions by what became of them.')
  metrics.define('harness_uploads_total', 'counter', 'Uploaded files.')
  metrics.define('harness_connections', 'gauge', 'Open connections.')
  metrics.define('harness_log_head', 'gauge', 'Number of the newest entry of the log.')
  metrics.define('harness_spool_bytes', 'gauge', 'Bytes that wait to get into the log.')
  metrics.define('harness_memory_bytes', 'gauge', 'Memory of the process.')
}
