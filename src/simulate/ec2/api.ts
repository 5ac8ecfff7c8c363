import { randomUUID } from 'node:crypto'
import type { FaultKind, FaultScript } from '../faults.ts'
import type { ApiReply, ApiRequest, UpgradeReply } from '../serve.ts'
import type { Call as LoggedCall, SimulatorSettings } from '../simulator.ts'
import { pause } from '../../core/wait-until.ts'
import { ApiError } from './api-error.ts'
import { answerBlocks, blockAction, jsonError } from './blocks.ts'
import { authorize, readCaller } from './caller.ts'
import type { Caller, Principal } from './caller.ts'
import { openTunnel } from './connect-endpoints.ts'
import { conditionKeys } from './condition-keys.ts'
import { defaultNetwork } from './network.ts'
import { OPERATIONS } from './operations.ts'
import { answerQuotas, quotaAction } from './service-quotas.ts'
import { stockImages } from './stock-images.ts'
import { decode, encode, encodeError, shapesOf } from './wire.ts'
import { World } from './world.ts'

/** Refusals that a fault puts in place of the operation, with code and status. */
const REFUSALS: Partial<Record<FaultKind, readonly [code: string, message: string, status: number]>> = {
  throttle: ['RequestLimitExceeded', 'Request limit exceeded.', 503],
  unavailable: ['Unavailable', 'The server is overloaded and cannot handle the request.', 503],
  denied: ['UnauthorizedOperation', 'You are not authorized to perform this operation.', 403],
  expired: ['RequestExpired', 'Request has expired.', 400],
  skew: ['RequestExpired', 'Request has expired. The clock of the caller is wrong.', 400],
}

/** The API of EC2: every region of one account. */
export class Ec2Api {
  readonly calls: LoggedCall[] = []
  readonly #settings: SimulatorSettings
  readonly #faults: FaultScript
  readonly #principals: Readonly<Record<string, Principal>>
  readonly #worlds = new Map<string, World>()

  constructor(settings: SimulatorSettings, faults: FaultScript, principals: Readonly<Record<string, Principal>>) {
    this.#settings = settings
    this.#faults = faults
    this.#principals = principals
  }

  get worlds(): readonly World[] {
    return [...this.#worlds.values()]
  }

  world(region: string): World {
    const known = this.#worlds.get(region)
    if (known) return known
    const world = new World(region, this.#settings, this.#faults)
    defaultNetwork(world)
    stockImages(world)
    this.#worlds.set(region, world)
    return world
  }

  /** Answers a request of EC2, of the EBS direct APIs or of Service Quotas. */
  async answer(request: ApiRequest): Promise<ApiReply> {
    const started = performance.now()
    const blocks = blockAction(request)
    const quotas = quotaAction(request)
    const form = new URLSearchParams(blocks || quotas !== undefined ? '' : request.body.toString('utf8'))
    const action = blocks?.action ?? quotas ?? form.get('Action') ?? ''
    const { reply, said } = await this.#reply(request, action, async (world, caller, requestId) => {
      if (blocks) {
        authorize(caller, `ebs:${action}`, {})
        return await answerBlocks(world, request, blocks)
      }
      if (quotas !== undefined) {
        authorize(caller, `servicequotas:${action}`, {})
        return answerQuotas(world, quotas, request)
      }
      return xml(200, await this.#operate(world, caller, action, form, requestId))
    })
    const status = typeof reply === 'string' ? 0 : reply.status
    const call: LoggedCall = {
      at: Date.now(),
      operation: action || `${request.method} ${request.url.pathname}`,
      status,
      durationMs: performance.now() - started,
      ...(said === undefined ? {} : { said }),
    }
    this.calls.push(call)
    this.#settings.onCall?.(call)
    return reply
  }

  /** Answers a request for a websocket, which only a tunnel to an instance is. */
  async upgrade(request: Omit<ApiRequest, 'body'>): Promise<UpgradeReply> {
    const started = performance.now()
    const isTunnel = request.url.pathname === '/openTunnel'
    const reply = isTunnel
      ? await openTunnel(request, this.#principals, (region) => this.world(region))
      : { status: 404, body: `there is no ${request.url.pathname}` }
    const status = 'status' in reply ? reply.status : 101
    const call = { at: Date.now(), operation: 'OpenTunnel', status, durationMs: performance.now() - started }
    this.calls.push(call)
    this.#settings.onCall?.(call)
    return reply
  }

  async #reply(
    request: ApiRequest,
    action: string,
    operate: (world: World, caller: Caller, requestId: string) => Promise<ApiReply>,
  ): Promise<{ reply: ApiReply; said?: string }> {
    const requestId = randomUUID()
    try {
      const caller = readCaller(request, this.#principals, Date.now())
      const world = this.world(caller.region)
      world.host = request.headers['host'] ?? world.host
      const strikes = (kind: FaultKind) => world.strikes(kind, action)
      if (strikes('reset')) return { reply: 'cut', said: 'reset' }
      if (strikes('hang')) return { reply: 'hang', said: 'hang' }
      if (strikes('slow')) await pause(world.pendingMs * 5)
      for (const [kind, [code, message, status]] of Object.entries(REFUSALS))
        if (strikes(kind as FaultKind)) throw new ApiError(code, message, status)
      const reply = await operate(world, caller, requestId)
      if (strikes('lost-reply')) return { reply: 'cut', said: 'lost-reply' }
      return { reply }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const query = request.url.pathname === '/' && quotaAction(request) === undefined
      const reply = query ? xml(error.status, encodeError(error, requestId)) : jsonError(error)
      return { reply, said: error.code }
    }
  }

  async #operate(
    world: World,
    caller: Caller,
    action: string,
    form: URLSearchParams,
    requestId: string,
  ): Promise<string> {
    const shapes = shapesOf(action)
    if (!shapes) throw new ApiError('InvalidAction', `The action ${action} is not valid for this web service.`)
    const operation = Object.hasOwn(OPERATIONS, action) ? OPERATIONS[action] : undefined
    if (!operation) throw new ApiError('UnsupportedOperation', `the simulator does not have ${action}`, 501)
    const input = decode(shapes.input, form) as { ClientToken?: string; DryRun?: boolean }
    for (const [name, context] of conditionKeys(world, action, input)) authorize(caller, name, context)
    if (input.DryRun)
      throw new ApiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
    const again = this.#replayed(world, action, input)
    if (again) return encode(action, shapes.output, again, requestId)
    const answer = await operation(input as never, { world, caller, action })
    if (input.ClientToken)
      world.tokens.set(`${action} ${input.ClientToken}`, { parameters: JSON.stringify(input), answer })
    return encode(action, shapes.output, answer, requestId)
  }

  /** The same token with the same parameters has the same answer, and no further effect. */
  #replayed(world: World, action: string, input: { ClientToken?: string }): object | undefined {
    const known = input.ClientToken ? world.tokens.get(`${action} ${input.ClientToken}`) : undefined
    if (!known) return undefined
    if (known.parameters !== JSON.stringify(input))
      throw new ApiError('IdempotentParameterMismatch', 'The client token was used with other parameters before.')
    if (action !== 'RunInstances') return known.answer
    const { Instances = [] } = known.answer as { Instances?: { InstanceId?: string }[] }
    return {
      ...known.answer,
      Instances: Instances.map(({ InstanceId = '' }) => world.instances.peek(InstanceId)?.data),
    }
  }
}

function xml(status: number, body: string): ApiReply {
  return { status, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body }
}
