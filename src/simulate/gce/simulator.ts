import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause } from '../../core/wait-until.ts'
import { serve } from '../serve.ts'
import { watchMachines } from '../shutdowns.ts'
import type { ApiReply, ApiRequest } from '../serve.ts'
import type { Call as Logged, Simulator, SimulatorKind, SimulatorSettings } from '../simulator.ts'
import { checkAccess } from './access.ts'
import type { Principal } from './access.ts'
import { ApiError } from './api-error.ts'
import { behaviours } from './behaviours.ts'
import type { Handlers } from './call.ts'
import { diskHandlers } from './disks.ts'
import { openTunnel } from './iap.ts'
import { imageHandlers } from './images.ts'
import { instanceHandlers } from './instances.ts'
import { networkHandlers } from './networks.ts'
import { noticeShutdowns } from './notice-shutdown.ts'
import { Project } from './project.ts'
import { stockHandlers } from './stock.ts'
import { stockImages } from './stock-images.ts'
import { Wire } from './wire.ts'

/** What a simulated Compute Engine takes besides. */
export interface GceSettings extends SimulatorSettings {
  /** Who may call, by bearer token. Default: everybody. */
  principals?: Readonly<Record<string, Principal>>
  /** Whether the network `default` is there. Default true. */
  defaultNetwork?: boolean
  /** Called with each answer before it is sent; for tests that break one on purpose. */
  tamper?: (operation: string, answer: object) => object
}

const HANDLERS: Handlers = {
  ...instanceHandlers,
  ...diskHandlers,
  ...imageHandlers,
  ...networkHandlers,
  ...stockHandlers,
}
const SLOW_MS = 1500
/** Uploads of disks. */
const MAX_BODY = 4 * 1024 ** 3

/** Starts a simulated Compute Engine on this host. */
export async function startGce(settings: GceSettings): Promise<Simulator> {
  const wire = await Wire.load()
  const folder = await mkdtemp(join(tmpdir(), 'harness-gce-'))
  const calls: Logged[] = []
  const note = (call: Logged) => {
    calls.push(call)
    settings.onCall?.(call)
  }
  let project: Project | undefined
  const served = await serve(
    async (request) => {
      if (!project) return { status: 503 }
      const began = performance.now()
      const { reply, operation, said } = await answer(wire, project, settings, request, folder)
      const status = typeof reply === 'string' ? 0 : reply.status
      const call = {
        at: Date.now(),
        operation,
        status,
        durationMs: performance.now() - began,
        ...(said === undefined ? {} : { said }),
      }
      note(call)
      return reply
    },
    {
      ...(settings.port === undefined ? {} : { port: settings.port }),
      maxBody: MAX_BODY,
      upgrade: async (request) => {
        const began = performance.now()
        const reply = project ? await openTunnel(project, request, settings.principals) : { status: 503 }
        const status = 'status' in reply ? reply.status : 101
        note({ at: Date.now(), operation: 'iap.connect', status, durationMs: performance.now() - began })
        return reply
      },
    },
  )
  const current = (project = new Project(settings))
  stockImages(current)
  if (settings.defaultNetwork ?? true) defaultNetwork(current)
  const watching = watchMachines(() => noticeShutdowns(current))
  return {
    endpoint: served.endpoint,
    options: {
      endpoint: served.endpoint,
      project: 'simulated-project',
      'access-token': 'simulated',
      region: 'us-central1',
    },
    environment: {},
    calls,
    [Symbol.asyncDispose]: async () => {
      await watching[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
      for (const { deleteTimer } of current.machines.values()) clearTimeout(deleteTimer)
      await Promise.all([...current.machines.values()].map(({ work }) => work.catch(() => undefined)))
      await settings.backend[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Answered {
  reply: ApiReply
  operation: string
  said?: string
}

async function answer(
  wire: Wire,
  project: Project,
  settings: GceSettings,
  request: ApiRequest,
  folder: string,
): Promise<Answered> {
  const { method, url } = request
  if (url.pathname.includes('/storage/v1/b/')) return await storage(project, request, folder)
  const matched = wire.match(method, url.pathname)
  if (!matched)
    return {
      reply: refusal(new ApiError(404, 'notFound', `the Compute API has no ${method} ${url.pathname}`)),
      operation: `${method} ${url.pathname}`,
    }
  const { route } = matched
  const { operation } = route
  try {
    const before = await faultsBefore(project, operation)
    if (before) return { reply: before.reply, operation, said: before.said }
    checkAccess(request, operation, settings.principals)
    const body =
      request.body.length > 0
        ? (JSON.parse(request.body.toString('utf8'), withoutNulls) as Record<string, unknown>)
        : {}
    const parameters = { ...Object.fromEntries(url.searchParams), ...matched.parameters }
    const wrong = wire.faultsOfRequest({ route, parameters, body })
    if (wrong.length > 0) throw new ApiError(400, 'invalid', wrong.slice(0, 3).join('; '))
    const handler = HANDLERS[operation]
    if (!handler) throw new ApiError(501, 'notImplemented', `the simulator does not implement ${operation}`)
    const done = structuredClone(await handler({ project, parameters, body }))
    const bad = wire.faultsOfAnswer(route, done)
    if (bad.length > 0)
      throw new Error(`the answer to ${operation} is not one of the API: ${bad.slice(0, 3).join('; ')}`)
    const reply = ok(settings.tamper ? settings.tamper(operation, done) : done)
    if (project.strikes('lost-reply', operation)) return { reply: 'cut', operation, said: 'lost-reply' }
    return { reply, operation }
  } catch (error) {
    // A mistake of the simulator must not look like an outage, which callers wait out.
    const known =
      error instanceof ApiError ? error : new ApiError(501, 'simulatorFailed', (error as Error).stack ?? String(error))
    return { reply: refusal(known), operation, said: known.reason }
  }
}

/** A client may say null for what it does not say. */
function withoutNulls(_name: string, value: unknown): unknown {
  return value ?? undefined
}

/** Faults that strike before anything is done. */
async function faultsBefore(
  project: Project,
  operation: string,
): Promise<{ reply: ApiReply; said: string } | undefined> {
  const strikes = (kind: Parameters<Project['strikes']>[0]) => project.strikes(kind, operation)
  if (strikes('slow')) await pause(SLOW_MS)
  if (strikes('hang')) return { reply: 'hang', said: 'hang' }
  if (strikes('reset')) return { reply: 'cut', said: 'reset' }
  const refuse = (error: ApiError) => ({ reply: refusal(error), said: error.reason })
  if (strikes('unavailable')) return refuse(new ApiError(503, 'backendError', 'Service unavailable. Please try again.'))
  if (strikes('throttle')) return refuse(new ApiError(403, 'rateLimitExceeded', 'Rate Limit Exceeded'))
  if (strikes('denied'))
    return refuse(new ApiError(403, 'forbidden', `Required 'compute.${operation}' permission for 'projects/p'`))
  if (strikes('expired') || strikes('skew'))
    return refuse(new ApiError(401, 'authError', 'Request had invalid authentication credentials.'))
  return undefined
}

/** As much of Cloud Storage as an upload needs: https://cloud.google.com/storage/docs/json_api/v1/objects */
async function storage(
  project: Project,
  { method, url, body, headers }: ApiRequest,
  folder: string,
): Promise<Answered> {
  const [, bucket = '', name] = /\/storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?$/.exec(url.pathname) ?? []
  const object = decodeURIComponent(name ?? url.searchParams.get('name') ?? '')
  const key = `${decodeURIComponent(bucket)}/${object}`
  const operation = `storage.objects.${method === 'POST' ? 'insert' : method.toLowerCase()}`
  if (!headers['authorization'])
    return { reply: refusal(new ApiError(401, 'required', 'Anonymous caller.')), operation }
  if (method === 'POST' && url.pathname.startsWith('/upload/')) {
    const path = join(folder, `${project.id()}.tar.gz`)
    await writeFile(path, body)
    project.objects.set(key, path)
    return { reply: ok({ kind: 'storage#object', bucket, name: object, size: String(body.length) }), operation }
  }
  if (method === 'DELETE') {
    const path = project.objects.get(key)
    if (path === undefined)
      return { reply: refusal(new ApiError(404, 'notFound', `No such object: ${key}`)), operation }
    project.objects.delete(key)
    await rm(path, { force: true })
    return { reply: { status: 204 }, operation }
  }
  return {
    reply: refusal(new ApiError(501, 'notImplemented', `the simulator does not implement ${operation}`)),
    operation,
  }
}

function ok(body: object): ApiReply {
  return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) }
}

function refusal(error: ApiError): ApiReply {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(error.body),
  }
}

/** The network that new projects have, with the rules they have. */
function defaultNetwork(project: Project): void {
  const network = project.link('projects/simulated-project/global/networks/default')
  const made = {
    creationTimestamp: '2026-01-01T00:00:00.000-08:00',
    id: '1',
    description: 'Default network for the project',
  }
  project.networks.set('default', {
    ...made,
    kind: 'compute#network',
    name: 'default',
    selfLink: network,
    autoCreateSubnetworks: true,
  })
  const rules = [
    ['default-allow-ssh', '22'],
    ['default-allow-internal', '0-65535'],
  ] as const
  for (const [name, port] of rules)
    project.firewalls.set(name, {
      ...made,
      kind: 'compute#firewall',
      name,
      network,
      direction: 'INGRESS',
      priority: 65_534,
      sourceRanges: [name === 'default-allow-ssh' ? '0.0.0.0/0' : '10.128.0.0/9'],
      allowed: [{ IPProtocol: 'tcp', ports: [port] }],
      selfLink: project.link(`projects/simulated-project/global/firewalls/${name}`),
    })
}

export default { title: 'Google Compute Engine', behaviours, start: startGce } satisfies SimulatorKind
