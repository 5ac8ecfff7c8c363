import type { Duration } from '../../core/duration.ts'
import { PlatformError } from '../../core/errors.ts'
import type { CommandResult } from '../command-error.ts'
import type { Instance } from '../instance.ts'
import { withMirrorRetries } from './mirror.ts'

/** apt-get as the harness calls it: asks nothing, waits for the lock, keeps changed configuration. */
export const APT_GET =
  'apt-get -y -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'

// Without it apt-get ends with success when a list could not be fetched, and an old list would make "nothing newer" a lie.
const APT_UPDATE = `${APT_GET} -o APT::Update::Error-Mode=any`

export interface RefreshOptions {
  /** Milliseconds for everything. */
  deadlineMs: number
  signal?: AbortSignal
  /** Told of retries, and of an index that is older than its archive allows. */
  onNote?: (line: string) => void
  onCommand?: (result: CommandResult) => void
}

/**
 * Fetches the lists of what is available, again while the archive has trouble.
 * An expired index is used all the same, and told: mirrors of development suites lag, its signature is still checked,
 * and its age is no fault of the image.
 * @throws PlatformError when the archive cannot be reached
 */
export async function refreshArchive(instance: Instance, options: RefreshOptions): Promise<void> {
  if ((await instance.packages.manager()) !== 'apt') {
    await retry(options, (limits) => instance.packages.refresh(limits))
    return
  }
  try {
    await retry(options, (limits) => update(instance, `${APT_UPDATE} update`, limits, options))
  } catch (error) {
    const expired = error instanceof PlatformError ? /is expired \(([^)]*)\)/.exec(error.message)?.[1] : undefined
    if (expired === undefined) throw error
    options.onNote?.(
      `an index of the archive is expired (${expired}); it is used all the same, its signature is checked`,
    )
    const command = `${APT_UPDATE} -o Acquire::Check-Valid-Until=false update`
    await retry(options, (limits) => update(instance, command, limits, options))
  }
}

interface Limits {
  deadline: Duration
  signal?: AbortSignal
}

async function retry(options: RefreshOptions, action: (limits: Limits) => Promise<void>): Promise<void> {
  const { deadlineMs, signal, onNote } = options
  const what = 'refresh the package index'
  const limits: Limits = { deadline: `${Math.ceil(deadlineMs)} ms`, ...(signal === undefined ? {} : { signal }) }
  const onRetry = (reason: string) => onNote?.(`trying again to ${what}: ${reason}`)
  await withMirrorRetries({ what, deadlineMs, onRetry, ...(signal === undefined ? {} : { signal }) }, () =>
    action(limits),
  )
}

async function update(instance: Instance, command: string, limits: Limits, options: RefreshOptions): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
  // Not inside the optional call: what is not asked for there would not be run.
  const result = await instance.root.run(command, { ...limits, env, check: true })
  options.onCommand?.(result)
}
