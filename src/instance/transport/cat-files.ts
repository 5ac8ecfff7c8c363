import { createReadStream, createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { HarnessError } from '../../core/errors.ts'
import { quote } from '../shell.ts'
import type { ExecRequest, ExecResult, PutOptions } from './transport.ts'

/** A file of the machine that could not be written or read. */
export class FileTransferError extends HarnessError {
  readonly blame = 'image'
}

/** How a file is fetched. Times are milliseconds. */
export interface GetOptions {
  deadlineMs: number
  signal?: AbortSignal
  maxBytes?: number
}

type Exec = (request: ExecRequest) => Promise<ExecResult>

/**
 * Files by `cat`: it works where the server has no SFTP, and one large upload is faster than by SFTP,
 * because nothing waits for the acknowledgement of each block.
 */
export async function putByCat(
  exec: Exec,
  source: Uint8Array | { path: string },
  path: string,
  options: PutOptions,
): Promise<void> {
  const mode = (options.mode ?? 0o644).toString(8)
  const stdin = source instanceof Uint8Array ? source : createReadStream(source.path, { highWaterMark: 1 << 18 })
  const { mode: _mode, ...waiting } = options
  const result = await exec({
    ...waiting,
    stdin,
    command: `umask 077; cat > ${quote(path)} && chmod ${mode} ${quote(path)}`,
  })
  if (result.exitCode !== 0)
    throw new FileTransferError(`cannot write ${path}: ${Buffer.from(result.stderr).toString().trim()}`)
}

export async function getByCat(
  exec: Exec,
  path: string,
  target: 'memory' | { path: string },
  options: GetOptions,
): Promise<Uint8Array | undefined> {
  const request = { ...options, command: `cat -- ${quote(path)}` }
  if (target === 'memory') {
    const result = await exec(request)
    check(path, result)
    return result.stdout
  }
  const stdoutTo = createWriteStream(target.path, { highWaterMark: 1 << 20 })
  try {
    check(path, await exec({ ...request, stdoutTo }))
  } finally {
    stdoutTo.end()
    await finished(stdoutTo).catch(() => undefined)
  }
  return undefined
}

function check(path: string, result: ExecResult): void {
  if (result.exitCode === 0 && !result.truncated) return
  const why = result.truncated ? 'it is longer than what may be kept' : Buffer.from(result.stderr).toString().trim()
  throw new FileTransferError(`cannot read ${path}: ${why}`)
}
