import { BootError, PlatformError } from '../../core/errors.ts'
import { cleanText } from '../../core/text.ts'
import type { LxdClient } from './client.ts'

const LINES = 4
const MAX_CHARS = 800

/**
 * A failed start with what LXC wrote about it: the answer of LXD itself is only "exit status 1". Must be called before the
 * instance is deleted, because its log goes with it. Never rejects; any other error is given back as it is.
 */
export async function explainStart(client: LxdClient, name: string, error: unknown): Promise<unknown> {
  if (!(error instanceof PlatformError) || !/forkstart|qemu/i.test(error.message)) return error
  const said = await lastErrors(client, name).catch(() => '')
  if (said === '') return error
  // LXC got as far as the image's own program: everything of the host was in place.
  if (/Failed to exec "/.test(said))
    return new BootError(`${name} has no init that can be run`, { consoleTail: said, cause: error })
  return new PlatformError(error.kind, `${error.message}; its log ends: ${said}`, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  })
}

/** What LXC wrote about a start of an instance, or empty. */
export async function lastErrors(client: LxdClient, name: string): Promise<string> {
  const { body } = await client.open(`/1.0/instances/${name}/logs/lxc.log`, { deadlineMs: 5000 })
  let text = ''
  for await (const chunk of body) text = (text + String(chunk)).slice(-65_536)
  const errors = cleanText(text)
    .split('\n')
    .filter((line) => line.includes(' ERROR '))
  return errors
    .map((line) => line.replace(/^.* ERROR +/, ''))
    .slice(0, LINES)
    .join('; ')
    .slice(0, MAX_CHARS)
}
