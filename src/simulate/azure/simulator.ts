import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeTempDir } from '../../core/temp-dir.ts'
import { pause } from '../../core/wait-until.ts'
import { makeCertificate } from '../certificate.ts'
import { SCREEN_BMP } from '../screen.ts'
import { serve } from '../serve.ts'
import { watchMachines } from '../shutdowns.ts'
import type { ApiReply, ApiRequest } from '../serve.ts'
import type { Call as Logged, Simulator, SimulatorKind, SimulatorSettings } from '../simulator.ts'
import { checkAccess } from './access.ts'
import type { Principal } from './access.ts'
import { ApiError } from './api-error.ts'
import { behaviours } from './behaviours.ts'
import { objectOf } from './call.ts'
import type { Route } from './call.ts'
import { galleryRoutes } from './galleries.ts'
import { groupRoutes } from './groups.ts'
import { listRoutes } from './lists.ts'
import { machineRoutes } from './machines.ts'
import { networkRoutes } from './networks.ts'
import { noticeShutdowns } from './notice-shutdown.ts'
import { stockRoutes } from './stock.ts'
import { storageRoutes } from './storage.ts'
import { World } from './world.ts'
import type { Operation, Outcome } from './world.ts'

/** What a simulated Azure takes besides. */
export interface AzureSettings extends SimulatorSettings {
  /** Who may call, by bearer token. Default: everybody. */
  principals?: Readonly<Record<string, Principal>>
  /** Called with each answer before it is sent; for tests that break one on purpose. */
  tamper?: (operation: string, answer: unknown) => unknown
}

interface Compiled extends Route {
  pattern: RegExp
  names: readonly string[]
}

interface Answered {
  reply: ApiReply
  operation: string
  said?: string
}

const SLOW_MS = 1500

/** Starts a simulated Azure on this host, by https with a certificate of its own. */
export async function startAzure(settings: AzureSettings): Promise<Simulator> {
  const folder = await makeTempDir('azure')
  const tls = await makeCertificate()
  const ca = resolve(settings.certificate ?? join(folder, 'ca.pem'))
  await mkdir(dirname(ca), { recursive: true })
  await writeFile(ca, tls.cert)
  const routes = [
    ...stockRoutes,
    ...groupRoutes,
    ...machineRoutes,
    ...networkRoutes,
    ...listRoutes,
    ...galleryRoutes,
    ...storageRoutes(folder),
  ].map(compile)
  const calls: Logged[] = []
  let world: World | undefined
  const served = await serve(
    async (request) => {
      if (!world) return { status: 503 }
      const began = performance.now()
      const { reply, operation, said } = await answer(world, routes, settings, request)
      const status = typeof reply === 'string' ? 0 : reply.status
      const call = {
        at: Date.now(),
        operation,
        status,
        durationMs: performance.now() - began,
        ...(said === undefined ? {} : { said }),
      }
      calls.push(call)
      settings.onCall?.(call)
      return reply
    },
    { tls, ...(settings.port === undefined ? {} : { port: settings.port }) },
  )
  const current = (world = new World(settings, served.endpoint))
  const watching = watchMachines(() => noticeShutdowns(current))
  return {
    endpoint: served.endpoint,
    options: {
      endpoint: served.endpoint,
      ca,
      subscription: current.subscription,
      'access-token': 'simulated',
      region: 'westeurope',
      'poll-ms': 100,
    },
    environment: { NODE_EXTRA_CA_CERTS: ca, AZURE_SUBSCRIPTION_ID: current.subscription },
    calls,
    [Symbol.asyncDispose]: async () => {
      await watching[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
      await Promise.all([...current.entries.values()].map(({ work }) => work))
      await settings.backend[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answer(
  world: World,
  routes: readonly Compiled[],
  settings: AzureSettings,
  request: ApiRequest,
): Promise<Answered> {
  const { method, url } = request
  const path = decodeURIComponent(url.pathname).replace(/\/+$/, '')
  if (path.startsWith('/blobs/')) return await blob(world, request, path)
  const found = match(routes, method, path)
  const running = /\/providers\/Microsoft\.[A-Za-z]+\/locations\/[^/]+\/(operations|results)\/([^/]+)$/i.exec(path)
  const operation = running ? `operations.${running[1]}` : (found?.route.operation ?? `${method} ${path}`)
  try {
    const before = await faultsBefore(world, operation)
    if (before) return { ...before, operation }
    checkAccess(request, operation, settings.principals)
    if (!url.searchParams.has('api-version'))
      throw new ApiError(
        400,
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      )
    if (running) return { reply: progress(world, running[1] ?? '', running[2] ?? ''), operation }
    if (!found) throw new ApiError(501, 'NotImplemented', `the simulator does not implement ${method} ${path}`)
    if ((found.at['subscription'] ?? '').toLowerCase() !== world.subscription)
      throw new ApiError(
        404,
        'SubscriptionNotFound',
        `The subscription '${found.at['subscription']}' could not be found.`,
      )
    const body = request.body.length > 0 ? objectOf(JSON.parse(request.body.toString('utf8'))) : {}
    const done = await found.route.act({ world, at: found.at, query: url.searchParams, body, id: path })
    const reply = replyTo(world, done, (one) => settings.tamper?.(operation, one) ?? one)
    if (world.strikes('lost-reply', operation)) return { reply: 'cut', operation, said: 'lost-reply' }
    return { reply, operation }
  } catch (error) {
    // A mistake of the simulator must not look like an outage, which callers wait out.
    const known =
      error instanceof ApiError ? error : new ApiError(501, 'SimulatorFailed', (error as Error).stack ?? String(error))
    return { reply: refusal(known), operation, said: known.code }
  }
}

function replyTo(world: World, { status, body, operation }: Outcome, tamper: (body: unknown) => unknown): ApiReply {
  const base = `${world.endpoint}/subscriptions/${world.subscription}/providers/Microsoft.Compute/locations/global`
  const query = '?api-version=2024-07-01'
  const headers = operation
    ? {
        'azure-asyncoperation': `${base}/operations/${operation.id}${query}`,
        ...(status === 202 ? { location: `${base}/results/${operation.id}${query}` } : {}),
      }
    : {}
  return json(status, body === undefined ? undefined : tamper(body), headers)
}

/** How far an operation is, or what it gave. */
function progress(world: World, what: string, id: string): ApiReply {
  const operation: Operation | undefined = world.operations.get(id)
  if (!operation) throw new ApiError(404, 'NotFound', `The operation ${id} was not found.`)
  const { status, error, startTime, result } = operation
  if (what.toLowerCase() === 'operations')
    return json(200, {
      name: id,
      status,
      startTime,
      ...(error ? { error } : {}),
      ...(result === undefined ? {} : { properties: { output: result } }),
    })
  if (status === 'InProgress') return json(202, undefined)
  if (error) return json(409, { error })
  return json(200, result)
}

async function faultsBefore(world: World, operation: string): Promise<{ reply: ApiReply; said: string } | undefined> {
  const strikes = (kind: Parameters<World['strikes']>[0]) => world.strikes(kind, operation)
  if (strikes('slow')) await pause(SLOW_MS)
  if (strikes('hang')) return { reply: 'hang', said: 'hang' }
  if (strikes('reset')) return { reply: 'cut', said: 'reset' }
  const refuse = (error: ApiError, headers = {}) => ({ reply: refusal(error, headers), said: error.code })
  if (strikes('throttle'))
    return refuse(new ApiError(429, 'TooManyRequests', 'The request is being throttled.'), { 'retry-after': '1' })
  if (strikes('unavailable')) return refuse(new ApiError(503, 'ServiceUnavailable', 'The service is unavailable now.'))
  if (strikes('denied'))
    return refuse(
      new ApiError(
        403,
        'AuthorizationFailed',
        `The client does not have authorization to perform action '${operation}'.`,
      ),
    )
  if (strikes('expired') || strikes('skew'))
    return refuse(new ApiError(401, 'ExpiredAuthenticationToken', 'The access token expiry is in the past.'))
  return undefined
}

/** Storage behind addresses that carry their own permission. */
async function blob(world: World, { method, url, headers, body }: ApiRequest, path: string): Promise<Answered> {
  const [, , kind = '', word = ''] = path.split('/')
  const operation = `blobs.${kind}.${method.toLowerCase()}`
  if (url.searchParams.get('sig') !== word) return { reply: { status: 403 }, operation }
  if (kind === 'console' && method === 'GET') {
    const machine = world.consoles.get(word)
    if (machine === undefined) return { reply: { status: 404 }, operation }
    if (url.searchParams.get('screenshot') === '1')
      return { reply: { status: 200, headers: { 'content-type': 'image/bmp' }, body: SCREEN_BMP }, operation }
    const text = await world.settings.backend.console(machine).catch(() => '')
    return { reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: text }, operation }
  }
  const upload = world.uploads.get(word)
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers['x-ms-range'] ?? '') ?? []
  if (kind !== 'upload' || method !== 'PUT' || !upload) return { reply: { status: 404 }, operation }
  if (
    url.searchParams.get('comp') !== 'page' ||
    headers['x-ms-page-write'] !== 'update' ||
    Number(from) % 512 !== 0 ||
    Number(to) - Number(from) + 1 !== body.length
  )
    return { reply: { status: 400 }, operation }
  await using file = await open(upload.file, 'r+')
  await file.write(body, 0, body.length, Number(from))
  return { reply: { status: 201 }, operation }
}

function compile(route: Route): Compiled {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '')
  return {
    ...route,
    names,
    pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '([^/]+)')}$`, 'i'),
  }
}

function match(routes: readonly Compiled[], method: string, path: string) {
  for (const route of routes) {
    const found = route.method === method ? route.pattern.exec(path) : null
    if (found)
      return { route, at: Object.fromEntries(route.names.map((name, index) => [name, found[index + 1] ?? ''])) }
  }
  return undefined
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): ApiReply {
  const text = body === undefined ? {} : { body: JSON.stringify(body) }
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, ...text }
}

function refusal(error: ApiError, headers: Record<string, string> = {}): ApiReply {
  return json(error.status, error.body, headers)
}

export default { title: 'Microsoft Azure', https: true, behaviours, start: startAzure } satisfies SimulatorKind
