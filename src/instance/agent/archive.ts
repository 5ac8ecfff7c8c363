import type { Duration } from '../../core/duration.ts'
import { cleanText } from '../../core/text.ts'
import type { CommandResult } from '../command-error.ts'
import type { Instance } from '../instance.ts'
import { withMirrorRetries } from './mirror.ts'

/** apt-get as the harness calls it: asks nothing, waits for the lock, keeps changed configuration. */
export const APT_GET =
  'apt-get -y -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'

// Without it apt-get ends with success when a list could not be fetched, and an old list would make "nothing newer" a lie.
const APT_UPDATE = `${APT_GET} -o APT::Update::Error-Mode=any -o Acquire::Check-Valid-Until=false update`
const AGE = 'valid until '
/** The age is looked at afterwards: apt that refuses an index for it has fetched the others in vain. */
const UPDATE_AND_AGE = `${APT_UPDATE} || exit; sed -n 's/^Valid-Until: /${AGE}/p' /var/lib/apt/lists/*Release 2>/dev/null; true`

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
  let shown = ''
  await retry(options, async (limits) => {
    shown = await update(instance, UPDATE_AND_AGE, limits, options)
  })
  const expired = shown.split('\n').flatMap((line) => {
    const date = line.startsWith(AGE) ? line.slice(AGE.length) : ''
    return Date.parse(date) < Date.now() ? [date] : []
  })
  if (expired.length > 0)
    options.onNote?.(
      `an index of the archive is expired (since ${cleanText(expired[0] ?? '')}); it is used all the same, its signature is checked`,
    )
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

async function update(instance: Instance, command: string, limits: Limits, options: RefreshOptions): Promise<string> {
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
  // Not inside the optional call: what is not asked for there would not be run.
  const result = await instance.root.run(command, { ...limits, env, check: true })
  options.onCommand?.(result)
  return result.stdout
}
