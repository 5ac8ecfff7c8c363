import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Duration } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import { CommandError } from './command-error.ts'
import type { Account } from './account.ts'
import { quote } from './shell.ts'

export interface FileOptions {
  /** Default `"2 minutes"`, for pushes and pulls `"10 minutes"`. */
  deadline?: Duration
  signal?: AbortSignal
}

export interface WriteOptions extends FileOptions {
  /** Octal mode, for example `0o600`. Default: that of the file being replaced, else `0o644`. */
  mode?: number
  /** User name or number. Needs root unless it is the account's own. Default: that of the file being replaced. */
  owner?: string | number
  group?: string | number
  /** Makes missing parent folders. Default false. */
  makeDirs?: boolean
}

export type PushOptions = WriteOptions

const MAX_IN_MEMORY = 64 * 1024 * 1024
/** Of a local file, read at once. */
const BLOCK = 1024 * 1024
const TRANSFER = '10 minutes'

export async function readBytes(account: Account, path: string, options: FileOptions): Promise<Uint8Array> {
  const command = `cat -- ${quote(path)}`
  const result = await account.exec(command, { ...options, maxBytes: MAX_IN_MEMORY })
  if (result.exitCode !== 0 || result.truncated) {
    const why = result.truncated
      ? `longer than ${MAX_IN_MEMORY} bytes; use pull`
      : Buffer.from(result.stderr).toString()
    throw new CommandError({ ...result, ok: false, stdout: '', stderr: why, command })
  }
  return result.stdout
}

/**
 * The new content is written beside the target, given owner and mode while still private, then renamed into place.
 * Owner, mode and access list are those of the file that is replaced; only GNU `cp` takes them without the content.
 * @param options.size bytes of a stream, where they are known: less is refused
 */
export async function writeFile(
  account: Account,
  path: string,
  stdin: string | Uint8Array | NodeJS.ReadableStream,
  options: WriteOptions & { size?: number | undefined },
): Promise<void> {
  const size = typeof stdin === 'string' || stdin instanceof Uint8Array ? Buffer.byteLength(stdin) : options.size
  const find = `path=${quote(path.includes('/') ? path : `./${path}`)}
if [ -L "$path" ]; then path=$(readlink -f -- "$path") || exit 1; fi
temp="\${path%/*}/.harness-${randomBytes(8).toString('hex')}"`
  const script = `${options.makeDirs ? `mkdir -p -- ${quote(dirname(path))} || exit 1` : ''}
${find}
if [ -d "$path" ]; then echo "$path is a directory" >&2; exit 1; fi
fail() { rm -f -- "$temp"; exit 1; }
umask 077
new=1
if [ -f "$path" ]; then new=; cp -p --attributes-only -- "$path" "$temp" 2>/dev/null || cp -p -- "$path" "$temp" || fail; else : > "$temp" || fail; fi
cat > "$temp" || fail
${size === undefined ? '' : sizeScript(size)}
${endScript(options)}`
  try {
    await account.run(script, { ...waiting(options), stdin, check: true })
  } catch (error) {
    // One that was killed could not tidy up.
    if (!(error instanceof CommandError))
      await account.run(`${find}\nrm -f -- "$temp"`, { deadline: '20 seconds' }).catch(() => undefined)
    throw error
  }
}

/** A line that breaks looks like the end of the content to the machine. */
function sizeScript(size: number): string {
  return `got=$(wc -c < "$temp")
if [ "$((got))" -ne ${size} ]; then echo "$((got)) of ${size} bytes arrived" >&2; fail; fi`
}

function endScript(options: WriteOptions): string {
  const { mode, owner, group } = options
  const owners =
    owner === undefined && group === undefined
      ? ''
      : `chown -- ${quote(`${owner ?? ''}${group === undefined ? '' : `:${group}`}`)} "$temp" || fail\n`
  const chmod =
    mode === undefined
      ? 'if [ -n "$new" ]; then chmod 644 "$temp" || fail; fi'
      : `chmod ${mode.toString(8)} "$temp" || fail`
  return `${owners}${chmod}\nmv -f -- "$temp" "$path" || fail`
}

export async function push(account: Account, local: string, remote: string, options: PushOptions): Promise<void> {
  const info = await statLocal(local)
  if (info.isDirectory()) {
    await pushFolder(account, local, remote, options)
    return
  }
  const all = { deadline: TRANSFER, ...options, mode: options.mode ?? info.mode & 0o777 } as const
  // Files of /proc say that they are empty.
  const size = info.isFile() && info.size > 0 ? info.size : undefined
  const file = await open(local).catch((cause: unknown) => {
    throw unreadable(local, cause)
  })
  const source = file.createReadStream({ highWaterMark: BLOCK, ...(size ? { end: size - 1 } : {}) })
  try {
    await writeFile(account, remote, source, { ...all, size })
  } finally {
    source.destroy()
  }
}

async function pushFolder(account: Account, local: string, remote: string, options: PushOptions): Promise<void> {
  await account.run(['mkdir', '-p', '--', remote], { ...waiting(options), check: true })
  const { mode: _fileMode, ...inherited } = options
  for (const entry of await readdir(local, { withFileTypes: true })) {
    const source = join(local, entry.name)
    if (entry.isDirectory() || entry.isFile()) await push(account, source, `${remote}/${entry.name}`, inherited)
  }
}

export async function pull(account: Account, remote: string, local: string, options: FileOptions): Promise<void> {
  const within = {
    deadline: options.deadline ?? TRANSFER,
    ...(options.signal ? { signal: options.signal } : {}),
  } as const
  const part = join(dirname(local), `.${basename(local)}.${randomBytes(4).toString('hex')}`)
  const stdoutTo = (await openLocal(local, part)).createWriteStream({ highWaterMark: BLOCK })
  try {
    await account.run(`cat -- ${quote(remote)}`, { ...within, stdoutTo, check: true })
    stdoutTo.end()
    await finished(stdoutTo)
    await rename(part, local)
  } catch (error) {
    stdoutTo.destroy()
    await rm(part, { force: true })
    throw error
  }
}

async function statLocal(local: string): Promise<Stats> {
  try {
    return await stat(local)
  } catch (cause) {
    throw unreadable(local, cause)
  }
}

function unreadable(local: string, cause: unknown): ConfigError {
  return new ConfigError(`cannot read ${local} on this host: ${reasonOf(cause)}`, {
    hint: 'push copies from this host to the machine: give the path of a file or folder of this host first',
    cause,
  })
}

/** Opens the file that becomes `local` when it is whole. What a transport says of a local file reads like a fault of the machine. */
async function openLocal(local: string, part: string): Promise<FileHandle> {
  const isFolder = async (path: string) => (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  const folder = dirname(local)
  if (!(await isFolder(folder)))
    throw new ConfigError(`cannot write ${local} on this host: there is no folder ${folder}`, {
      hint: `mkdir -p ${quote(folder)}`,
    })
  const hint = 'give the path of the file that is to be written'
  if (await isFolder(local)) throw new ConfigError(`cannot write ${local} on this host: it is a folder`, { hint })
  try {
    return await open(part, 'wx')
  } catch (cause) {
    throw new ConfigError(`cannot write ${local} on this host: ${reasonOf(cause)}`, { hint, cause })
  }
}

/** `ENOENT: no such file or directory, open '/x'` without what the caller knows. */
function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/^[A-Z]+: |, \w+ .*$/gs, '')
}

export async function exists(account: Account, path: string): Promise<boolean> {
  // -L, because a dangling link exists too.
  const result = await account.run(`[ -e ${quote(path)} ] || [ -L ${quote(path)} ]`)
  return result.ok
}

function waiting(options: FileOptions): FileOptions {
  return {
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
}
