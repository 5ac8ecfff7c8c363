import { CancelledError, ConfigError, PlatformError } from '../../core/errors.ts'
import type { LaunchRequest } from '../platform.ts'
import type { Devices, ImageInfo, InstanceInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { SCRIPT_PATH } from './cloud/guest-script.ts'
import { prepareGuest } from './cloud/prepare-guest.ts'
import type { PreparedGuest } from './cloud/prepare-guest.ts'
import { forgetConsole } from './console.ts'
import { destroyInstance } from './destroy.ts'
import { writeGuestFile } from './guest-files.ts'
import { addExtras } from './extras.ts'
import { rootAndNic, withoutNics } from './host-defaults.ts'
import { resetIdentity } from './identity.ts'
import { limitsOf } from './instance-types.ts'
import type { LaunchExtra, LxdOptions } from './options.ts'
import { startInstance } from './power.ts'
import { seedConfig, withoutSeed } from './seed.ts'
import { seedPrefix } from './seed-prefix.ts'
import { explainStart } from './start-log.ts'
import { isMadeFor, tagsOf } from './tags.ts'

/** How long a create that is no longer wanted is waited for. */
const ABORT_MS = 120_000

/** Made from an image, or from a snapshot `instance/name`. */
export type Source = { image: ImageInfo } | { snapshot: string }

export interface LaunchContext {
  client: LxdClient
  options: LxdOptions
  extensions: ReadonlySet<string>
}

/** Creates, prepares and starts an instance. Whatever goes wrong, nothing of it stays. */
export async function launchInstance(
  context: LaunchContext,
  request: LaunchRequest,
  extra: LaunchExtra,
  source: Source,
): Promise<InstanceInfo> {
  const { client } = context
  const until = performance.now() + request.deadlineMs
  const left = () => ({ deadlineMs: Math.max(1, Math.ceil(until - performance.now())), signal: request.signal })
  if (request.signal?.aborted) throw new CancelledError(`cancelled before ${request.name} was created`)
  const seeded = request.cloudIdentity ? withoutSeed(request) : request
  try {
    const guest = request.cloudIdentity && (await prepareGuest(context, request, request.cloudIdentity))
    const body = await createBody(context, seeded, extra, source, guest)
    await forgetConsole(client, request.name)
    await create(client, request, body, left)
    if ('snapshot' in source) await resetIdentity(client, request.name)
    if (guest)
      await writeGuestFile(client, request.name, Buffer.from(guest.script), SCRIPT_PATH, { mode: 0o755, ...left() })
    await addExtras(client, request, 'snapshot' in source ? { given: guest?.devices ?? {} } : undefined)
    const created = await client.get<InstanceInfo>(`/1.0/instances/${request.name}`)
    const prefix = await seedPrefix(client, created, context.extensions)
    if (prefix === 'user' && context.extensions.has('cloud_init'))
      await setConfig(client, created, seedConfig(seeded, 'user'), left)
    await startInstance(client, request.name, left())
    return await client.get<InstanceInfo>(`/1.0/instances/${request.name}`, left())
  } catch (error) {
    const explained = await explainStart(client, request.name, error)
    await destroyInstance(client, request.name, { onlyOf: request.owner })
    throw explained
  }
}

async function createBody(
  context: LaunchContext,
  request: LaunchRequest,
  extra: LaunchExtra,
  source: Source,
  guest: PreparedGuest | undefined,
) {
  const type = instanceType(request.boot)
  const profiles = extra.profiles ?? context.options.profiles ?? ['default']
  const pool = extra.pool ?? context.options.pool
  const devices: Devices = {
    ...(await rootAndNic(context.client, profiles, pool)),
    ...(guest ? await withoutNics(context.client, profiles) : {}),
    ...extra.devices,
    ...guest?.devices,
  }
  const prefix = context.extensions.has('cloud_init') ? 'cloud-init' : 'user'
  return {
    name: request.name,
    type,
    ephemeral: request.ephemeral ?? false,
    profiles,
    devices,
    config: {
      ...limitsOf(request.instanceType),
      ...('image' in source ? requirementsOf(source.image) : {}),
      ...seedConfig(request, prefix),
      ...extra.config,
      ...guest?.config,
      ...tagsOf(request.owner),
    },
    source:
      'image' in source
        ? { type: 'image', fingerprint: source.image.fingerprint }
        : { type: 'copy', source: source.snapshot },
  }
}

/** A name that is taken by what an earlier attempt of ours left is freed first. */
async function create(
  client: LxdClient,
  request: LaunchRequest,
  body: object,
  left: () => { deadlineMs: number; signal: AbortSignal | undefined },
) {
  try {
    await createOnce(client, body, left())
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
    const present = await client.get<InstanceInfo>(`/1.0/instances/${request.name}`)
    if (!isMadeFor(request.owner, present.config)) {
      throw new PlatformError(
        'conflict',
        `an instance named ${request.name} exists and was not made for this cell of this run`,
        {
          hint: 'choose another name, or remove that instance',
          cause: error,
        },
      )
    }
    await destroyInstance(client, request.name, { onlyOf: request.owner, ...left() })
    await createOnce(client, body, left())
  }
}

/** An abort waits for the end of the create: what LXD has accepted appears in any case, and only then can it be deleted. */
async function createOnce(
  client: LxdClient,
  body: object,
  options: { deadlineMs: number; signal: AbortSignal | undefined },
) {
  const operation = await client.begin('/1.0/instances', { json: body })
  const path = `/1.0/operations/${operation.id}`
  try {
    await client.waitFor(path, 'the create of an instance', options)
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind === 'unavailable') {
      await client.waitFor(path, 'the create of an instance', { deadlineMs: ABORT_MS }).catch(() => undefined)
    }
    throw error
  }
}

async function setConfig(
  client: LxdClient,
  instance: InstanceInfo,
  config: Record<string, string>,
  left: () => { deadlineMs: number },
) {
  await client.operate('PATCH', `/1.0/instances/${instance.name}`, { json: { config } }, left())
}

/** What an image says it cannot do without; LXD refuses to start it otherwise. */
function requirementsOf(image: ImageInfo): Record<string, string> {
  const unsigned = image.type === 'virtual-machine' && image.properties['requirements.secureboot'] === 'false'
  return unsigned ? { 'security.secureboot': 'false' } : {}
}

function instanceType(boot: string | undefined): 'container' | 'virtual-machine' {
  if (boot === undefined || boot === 'container') return 'container'
  if (boot === 'uefi') return 'virtual-machine'
  throw new ConfigError(`lxd cannot boot "${boot}"`, { hint: 'use container or uefi' })
}

/** Whether the image fits the way to boot. @throws ConfigError */
export function checkImageType(image: ImageInfo, boot: string | undefined): void {
  if (image.type === instanceType(boot)) return
  throw new ConfigError(
    `the image ${image.fingerprint.slice(0, 12)} is for a ${image.type}, not for boot "${boot ?? 'container'}"`,
    {
      hint: `use boot: ${image.type === 'container' ? 'container' : 'uefi'}`,
    },
  )
}
