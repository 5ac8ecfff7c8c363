import { randomUUID } from 'node:crypto'
import { CancelledError, ConfigError, PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { tokenOf } from '../cloud-names.ts'
import type { LaunchRequest } from '../platform.ts'
import type { Ec2Client, Instance, RunInstancesCommandInput } from './client.ts'
import { DEVICES } from './device-names.ts'
import { endedError } from './errors.ts'
import type { FoundImage } from './images.ts'
import type { Attachment } from './network.ts'
import type { Ec2Options } from './options.ts'
import { expiryUserData } from '../guest-expiry.ts'
import { tagged, tagsOf } from './tags.ts'
import type { Watch } from './watch.ts'
import { untilKnown } from './until-known.ts'

/** Bytes before encoding: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
const MOST_USER_DATA = 16_384

/** How long the end of a launch that is no longer wanted, and its removal, are waited for. */
const CLEANUP: CallWaiting = { deadlineMs: 120_000 }

/** Answers that are of a machine that is no longer there. */
const ENDED: ReadonlySet<string | undefined> = new Set(['terminated', 'shutting-down'])

/** Everything of a launch but where it goes. */
export interface Plan {
  request: LaunchRequest
  options: Ec2Options
  image: FoundImage
  keyName: string | undefined
  attachment: Attachment
  market: 'on-demand' | 'spot'
  address: 'public' | 'private' | 'ipv6'
}

/** A place whose subnet is known. */
export interface Site {
  zone: string
  instanceType: string
  subnet: string
}

/** The user-data as they are sent. @throws ConfigError when they are too large */
export function userDataOf(request: LaunchRequest, options: Ec2Options): string | undefined {
  const own = options['self-destruct'] === false ? undefined : expiryUserData(request.owner)
  const text = request.userData ?? own
  if (text === undefined) return undefined
  const bytes = Buffer.from(text)
  if (bytes.length > MOST_USER_DATA)
    throw new ConfigError(`user-data of ${bytes.length} bytes are more than the ${MOST_USER_DATA} that EC2 takes`, {
      hint: 'compress them, or fetch the rest with #include',
    })
  return bytes.toString('base64')
}

/** What RunInstances is asked. */
export function requestBody(plan: Plan, site: Site, token: string, mark: string): RunInstancesCommandInput {
  const { request, options, image, attachment, market, address } = plan
  const tags = [...tagsOf(request.owner, request.name), { Key: 'harness:launch', Value: mark }]
  const userData = userDataOf(request, options)
  const mappings = mappingsOf(plan)
  return {
    ClientToken: token,
    ImageId: image.id,
    InstanceType: site.instanceType as NonNullable<RunInstancesCommandInput['InstanceType']>,
    MinCount: 1,
    MaxCount: 1,
    InstanceInitiatedShutdownBehavior: options['self-destruct'] === false ? 'stop' : 'terminate',
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: site.subnet,
        Groups: attachment.groups,
        AssociatePublicIpAddress: address === 'public',
        DeleteOnTermination: true,
        ...(address === 'ipv6' ? { Ipv6AddressCount: 1 } : {}),
      },
    ],
    MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', InstanceMetadataTags: 'disabled' },
    TagSpecifications: tagged(
      ['instance', 'volume', 'network-interface', ...(market === 'spot' ? (['spot-instances-request'] as const) : [])],
      tags,
    ),
    ...(plan.keyName === undefined ? {} : { KeyName: plan.keyName }),
    ...(userData === undefined ? {} : { UserData: userData }),
    ...(mappings.length > 0 ? { BlockDeviceMappings: mappings } : {}),
    ...(market === 'spot'
      ? { InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { SpotInstanceType: 'one-time' } } }
      : {}),
  }
}

/** The root disk when its size was asked for, and the further disks. All go with the machine. */
function mappingsOf({ request, options, image }: Plan): NonNullable<RunInstancesCommandInput['BlockDeviceMappings']> {
  const size = options['disk-gib']
  const further = (request.disks ?? []).map(({ sizeGiB }, index) => ({
    DeviceName: DEVICES[index],
    Ebs: { VolumeSize: sizeGiB, VolumeType: 'gp3' as const, DeleteOnTermination: true },
  }))
  if (size === undefined) return further
  return [{ DeviceName: image.rootDevice, Ebs: { VolumeSize: size, DeleteOnTermination: true } }, ...further]
}

/** Creates a machine and waits until it runs. Whatever goes wrong, nothing of it stays. */
export async function launchAt(
  context: { client: Ec2Client; watch: Watch },
  plan: Plan,
  site: Site,
  waiting: CallWaiting,
): Promise<Instance> {
  const { name } = plan.request
  if (waiting.signal?.aborted) throw new CancelledError(`cancelled before ${name} was created`)
  const id = await create(context.client, plan, site, waiting)
  try {
    return await untilRunning(context.watch, id, name, waiting)
  } catch (error) {
    await terminate(context, id, CLEANUP).catch(() => undefined)
    throw error
  }
}

/**
 * The token is the same for the same machine in the same place, so an answer that was lost does not make another. What an earlier launch
 * under this name made, in this run or before it was interrupted, is removed: a mark of this launch makes its parameters others.
 */
async function create(client: Ec2Client, plan: Plan, site: Site, waiting: CallWaiting): Promise<string> {
  const { owner, name } = plan.request
  const mark = randomUUID()
  for (let generation = 0; ; generation++) {
    const { zone, instanceType } = site
    const token = tokenOf(
      'run',
      owner.runId,
      owner.cell,
      name,
      owner.attempt,
      zone,
      instanceType,
      plan.market,
      generation,
    )
    const id = await send(client, requestBody(plan, site, token, mark), name, waiting)
    if (id !== undefined) return id
    await removeByToken(client, token)
  }
}

/** A call that was sent is never left alone: what it may have made is asked for by its token, and removed. Undefined when the token was used. */
async function send(
  client: Ec2Client,
  body: RunInstancesCommandInput,
  name: string,
  waiting: CallWaiting,
): Promise<string | undefined> {
  const doing = `launching ${name}`
  try {
    const answer = await untilKnown(waiting, () =>
      client.call(doing, waiting, (ec2, options) => ec2.runInstances(body, options)),
    )
    const id = answer.Instances?.[0]?.InstanceId
    if (id === undefined) throw new PlatformError('unavailable', `EC2 answered ${doing} without a machine`)
    return id
  } catch (error) {
    if (error instanceof PlatformError && (error.cause as Error | undefined)?.name === 'IdempotentParameterMismatch')
      return undefined
    const unclear = !(error instanceof PlatformError) || error.kind === 'unavailable' || error.kind === 'throttled'
    if (unclear) await removeByToken(client, body.ClientToken ?? '')
    throw error
  }
}

/** What a call made whose answer never came. It may be listed late. */
async function removeByToken(client: Ec2Client, token: string): Promise<void> {
  const Filters = [{ Name: 'client-token', Values: [token] }]
  const look = async (): Promise<Attempt<true>> => {
    const found = await client.call('looking for what a lost answer made', CLEANUP, (ec2, options) =>
      ec2.describeInstances({ Filters }, options),
    )
    const ids = (found.Reservations ?? []).flatMap(({ Instances = [] }) =>
      Instances.map(({ InstanceId = '' }) => InstanceId),
    )
    if (ids.length === 0) return { done: false, saw: 'nothing' }
    await client.forgiving('removing what a lost answer made', CLEANUP, (ec2, options) =>
      ec2.terminateInstances({ InstanceIds: ids }, options),
    )
    return { done: true, value: true }
  }
  await waitUntil({ what: 'what a lost answer made', deadlineMs: 4000, intervalMs: 500 }, look).catch(() => undefined)
}

async function untilRunning(watch: Watch, id: string, name: string, waiting: CallWaiting): Promise<Instance> {
  const { deadlineMs, signal } = waiting
  return await waitUntil(
    { what: `${name} to run`, deadlineMs, intervalMs: 500, maxIntervalMs: 4000, ...(signal ? { signal } : {}) },
    async (): Promise<Attempt<Instance | PlatformError>> => {
      const instance = await watch.of(id, { fresh: true })
      const state = instance?.State?.Name
      if (instance && state === 'running') return { done: true, value: instance }
      if (ENDED.has(state)) return { done: true, value: endedError(instance?.StateReason, name) }
      return { done: false, saw: state ?? 'it is not listed yet' }
    },
  ).then((found) => {
    if (found instanceof PlatformError) throw found
    return found
  })
}

/** Ends a machine and waits until it has ended: its volumes and cards go with it. One that is gone is fine. */
export async function terminate(
  { client, watch }: { client: Ec2Client; watch: Watch },
  id: string,
  waiting: CallWaiting,
): Promise<void> {
  const { deadlineMs, signal } = waiting
  const known = await watch.of(id)
  if (known && known.State?.Name === 'terminated') return
  await untilKnown({ ...waiting, deadlineMs: Math.min(8000, deadlineMs) }, () =>
    client.call(`destroying ${id}`, waiting, (ec2, options) => ec2.terminateInstances({ InstanceIds: [id] }, options)),
  ).catch((error: unknown) => {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  })
  await waitUntil(
    { what: `${id} to end`, deadlineMs, intervalMs: 500, maxIntervalMs: 5000, ...(signal ? { signal } : {}) },
    async (): Promise<Attempt<true>> => {
      const state = (await watch.of(id, { fresh: true }))?.State?.Name
      return state === undefined || state === 'terminated' ? { done: true, value: true } : { done: false, saw: state }
    },
  )
}
