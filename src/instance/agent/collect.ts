import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import type { Duration } from '../../core/duration.ts'
import { CancelledError, ConfigError } from '../../core/errors.ts'
import { redact } from '../../core/redact.ts'
import type { Instance } from '../instance.ts'
import type { Agent, CollectEntry } from './agents.ts'
import { collectScript, parseCollected } from './collect-script.ts'
import type { CollectedPart } from './collect-script.ts'
import { maskArchive } from './mask-archive.ts'
import { SYSTEM_LOGS } from './system-logs.ts'
import { registerUserDataSecrets } from './user-data-secrets.ts'

export interface CollectOptions {
  /** Folder on the host that receives the files. Made when absent. */
  dir: string
  /** Bytes kept of one entry. Default 4 MiB. */
  maxBytes?: number
  /** More entries, after those of the system and of the agent. */
  extra?: readonly CollectEntry[]
  /** Whether the agent's own archive is made too. Default true. */
  archive?: boolean
  /** For everything together. Default `"45 seconds"`. */
  deadline?: Duration
  signal?: AbortSignal
}

/** A file that was written below `dir`. Terminal escapes in it are as the guest wrote them. */
export interface CollectedFile {
  /** Relative to `dir`. */
  file: string
  title: string
  bytes: number
  truncated: boolean
  kind: 'log' | 'command' | 'archive' | 'console' | 'index'
  /** Why it is incomplete, for example that the command failed. */
  note?: string
}

/** What could not be had, and why. */
interface Gap {
  title: string
  reason: string
}

type Outcome = { files: CollectedFile[]; gaps: Gap[] }

/**
 * Keeps what an instance can tell about its boot and its agent, masked and capped, in a few round trips at the same time.
 * Never throws for what a broken instance cannot give: that is listed in `collected.txt`.
 * @throws CancelledError when `signal` fires
 */
export async function collectLogs(instance: Instance, agent: Agent, options: CollectOptions): Promise<CollectedFile[]> {
  const maxBytes = options.maxBytes ?? 4 * 1024 * 1024
  const entries = [...agent.collect, ...SYSTEM_LOGS, ...(options.extra ?? [])]
  for (const entry of entries) checkPath(options.dir, entry)
  await mkdir(options.dir, { recursive: true })
  const secret = await readUserData(instance, options)
  registerUserDataSecrets(secret)
  const lanes = [...Map.groupBy(entries.entries(), ([, entry]) => entry.lane ?? 'files').values()]
  const work = lanes.map((lane) => collectLane(instance, lane, maxBytes, options))
  work.push(collectConsole(instance, maxBytes, options))
  if (agent.archive && options.archive !== false)
    work.push(collectArchive(instance, agent, agent.archive, maxBytes * 4, options))
  const outcomes = await Promise.all(work)
  if (options.signal?.aborted) throw new CancelledError('cancelled while collecting logs')
  const files = outcomes.flatMap((outcome) => outcome.files).sort((a, b) => a.file.localeCompare(b.file))
  return [
    ...files,
    await writeIndex(
      files,
      outcomes.flatMap((outcome) => outcome.gaps),
      options,
    ),
  ]
}

async function collectLane(
  instance: Instance,
  lane: readonly (readonly [number, CollectEntry])[],
  maxBytes: number,
  options: CollectOptions,
): Promise<Outcome> {
  const mark = `--harness-${randomBytes(12).toString('hex')}`
  const wanted = lane.map(([index, entry]) => ({
    index,
    entry,
    maxBytes: Math.min(entry.maxBytes ?? maxBytes, maxBytes),
  }))
  const limits = new Map(wanted.map(({ index, maxBytes: limit }) => [index, limit]))
  let stdout = ''
  let broken: string | undefined
  try {
    const total = wanted.reduce((sum, { maxBytes: limit }) => sum + limit + 512, 4096)
    const result = await instance.root.run(['sh', '-s'], {
      stdin: collectScript(wanted, mark, instance.machine.pace),
      maxBytes: total,
      deadline: options.deadline ?? '45 seconds',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    stdout = result.stdout
  } catch (error) {
    broken = reasonOf(error)
  }
  const { parts, complete } = parseCollected(`\n${stdout}`, mark, limits)
  const found = new Map(parts.map((part) => [part.index, part]))
  const outcome: Outcome = { files: [], gaps: [] }
  for (const [index, entry] of lane) {
    const part = found.get(index)
    if (part) await keepPart(entry, part, outcome, options.dir)
    else
      outcome.gaps.push({
        title: entry.title,
        reason: broken ?? (complete ? 'nothing came' : 'the line broke before it came'),
      })
  }
  return outcome
}

async function keepPart(entry: CollectEntry, part: CollectedPart, outcome: Outcome, dir: string): Promise<void> {
  const empty = part.text.trim() === ''
  if (part.exitCode === 66 && entry.path !== undefined) {
    if (!entry.optional) outcome.gaps.push({ title: entry.title, reason: `${entry.path} cannot be read` })
    return
  }
  if (part.exitCode !== 0 && (empty || entry.optional)) {
    if (!entry.optional) outcome.gaps.push({ title: entry.title, reason: `the command exited with ${part.exitCode}` })
    return
  }
  const text = redact(part.text)
  await keep(dir, entry.file, text)
  outcome.files.push({
    file: entry.file,
    title: entry.title,
    bytes: Buffer.byteLength(text),
    truncated: part.truncated,
    kind: entry.path === undefined ? 'command' : 'log',
    ...(part.exitCode === 0 ? {} : { note: `the command exited with ${part.exitCode}` }),
  })
}

async function collectConsole(instance: Instance, maxBytes: number, options: CollectOptions): Promise<Outcome> {
  const title = 'console'
  if (!instance.capabilities.has('console'))
    return { files: [], gaps: [{ title, reason: 'the platform has no console log' }] }
  try {
    const whole = redact(await instance.consoleLog())
    const truncated = whole.length > maxBytes
    const text = truncated
      ? `[... ${whole.length - maxBytes} characters left out ...]\n${whole.slice(-maxBytes)}`
      : whole
    await keep(options.dir, 'console.txt', text)
    return {
      files: [{ file: 'console.txt', title, bytes: Buffer.byteLength(text), truncated, kind: 'console' }],
      gaps: [],
    }
  } catch (error) {
    return { files: [], gaps: [{ title, reason: reasonOf(error) }] }
  }
}

/** The archive is masked in memory and never unpacked to disk: its names and contents are the guest's. */
async function collectArchive(
  instance: Instance,
  agent: Agent,
  archive: NonNullable<Agent['archive']>,
  maxBytes: number,
  options: CollectOptions,
): Promise<Outcome> {
  const { file, title } = archive
  const name = `/tmp/harness-${randomBytes(8).toString('hex')}-${agent.name}.tar.gz`
  const common = {
    deadline: options.deadline ?? '45 seconds',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  } as const
  try {
    const script = `umask 077; set -- ${name}; ${archive.command} >/dev/null 2>&1 || exit; wc -c < "$1"`
    const made = await instance.root.run(script, common)
    const size = Number(made.stdout.trim())
    if (made.exitCode !== 0 || !(size > 0))
      return { files: [], gaps: [{ title, reason: `the command exited with ${made.exitCode}` }] }
    if (size > maxBytes)
      return { files: [], gaps: [{ title, reason: `it has ${size} bytes, more than the ${maxBytes} that are kept` }] }
    const packed = await instance.root.exec(`cat ${name}`, { ...common, maxBytes: size + 4096 })
    const masked = maskArchive(packed.stdout)
    await keepBytes(options.dir, file, masked)
    return { files: [{ file, title, bytes: masked.length, truncated: false, kind: 'archive' }], gaps: [] }
  } catch (error) {
    return { files: [], gaps: [{ title, reason: reasonOf(error) }] }
  } finally {
    await instance.root.run(`rm -f ${name}`, { deadline: '10 seconds' }).catch(() => undefined)
  }
}

/** Passwords that the test itself put into user-data come back in logs; they must be known before anything is written. */
async function readUserData(instance: Instance, options: CollectOptions): Promise<string> {
  try {
    const result = await instance.root.run(
      'cat /var/lib/cloud/instance/user-data.txt /var/lib/cloud/instance/cloud-config.txt 2>/dev/null',
      {
        deadline: '10 seconds',
        maxBytes: 1024 * 1024,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    )
    return result.stdout
  } catch {
    return ''
  }
}

async function writeIndex(
  files: readonly CollectedFile[],
  gaps: readonly Gap[],
  options: CollectOptions,
): Promise<CollectedFile> {
  const lines = [
    ...files.map(
      (entry) =>
        `${entry.file}  ${entry.bytes} bytes${entry.truncated ? ', cut' : ''}${entry.note ? `, ${entry.note}` : ''}`,
    ),
    ...(gaps.length === 0 ? [] : ['', 'Not available:']),
    ...gaps.map((gap) => `${gap.title}: ${gap.reason}`),
  ]
  const text = redact(`${lines.join('\n')}\n`)
  await keep(options.dir, 'collected.txt', text)
  return {
    file: 'collected.txt',
    title: 'what was collected and what was not',
    bytes: Buffer.byteLength(text),
    truncated: false,
    kind: 'index',
  }
}

function checkPath(dir: string, entry: CollectEntry): void {
  const target = resolve(dir, entry.file)
  if (!target.startsWith(resolve(dir) + sep))
    throw new ConfigError(`the log "${entry.file}" would be written outside the log folder`)
  if ((entry.path === undefined) === (entry.command === undefined)) {
    throw new ConfigError(`the log "${entry.file}" needs either a path or a command`)
  }
}

async function keep(dir: string, file: string, text: string): Promise<void> {
  await keepBytes(dir, file, Buffer.from(text))
}

async function keepBytes(dir: string, file: string, bytes: Uint8Array): Promise<void> {
  const target = join(dir, file)
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, bytes, { mode: 0o600 })
}

function reasonOf(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error))
}
