import { createReadStream, createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { HarnessError } from '../../core/errors.ts'
import { quote } from '../shell.ts'
import type { ExecRequest, ExecResult, GetOptions, PutOptions } from './transport.ts'

/** A file of the machine that could not be written or read. */
export class FileTransferError extends HarnessError {
  readonly blame = 'image'
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
  const stdin = source instanceof Uint8Array ? source : createReadStream(source.path, { highWaterMark: 1 << 20 })
  const { mode: _mode, ...waiting } = options
  const result = await exec({
    ...waiting,
    stdin,
    command: `umask 077; cat > ${quote(path)} && chmod ${mode} ${quote(path)}`,
  })
  if (result.exitCode !== 0)
    throw new FileTransferError(`cannot write ${path}: ${Buffer.from(result.stderr).toString().trim()}`)
}

export async function getByCat(exec: Exec, path: string, target: { path: string }, options: GetOptions): Promise<void> {
  const stdoutTo = createWriteStream(target.path, { highWaterMark: 1 << 20 })
  try {
    const result = await exec({ ...options, command: `cat -- ${quote(path)}`, stdoutTo })
    if (result.exitCode !== 0)
      throw new FileTransferError(`cannot read ${path}: ${Buffer.from(result.stderr).toString().trim()}`)
  } finally {
    stdoutTo.end()
    await finished(stdoutTo).catch(() => undefined)
  }
}
