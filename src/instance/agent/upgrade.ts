import { toMs } from '../../core/duration.ts'
import type { Duration } from '../../core/duration.ts'
import { UnsupportedError } from '../../core/errors.ts'
import { cleanText } from '../../core/text.ts'
import type { CommandResult } from '../command-error.ts'
import type { Instance } from '../instance.ts'
import type { PackageManagerName } from '../package-managers.ts'
import type { Agent } from './agents.ts'
import { addRepository } from './repository.ts'
import { withMirrorRetries } from './mirror.ts'
import { refreshArchive } from './archive.ts'
import { installFromSuite } from './suite.ts'
import type { UpgradeSource } from './source.ts'

export interface UpgradeOptions {
  signal?: AbortSignal
  /** Receives one line per stage, fit to print. */
  onProgress?: (line: string) => void
  /** For everything together. Default `"10 minutes"`. */
  deadline?: Duration
  /** Variables for the command of a `command:` source. */
  environment?: Readonly<Record<string, string>>
}

/** A package whose version differs between before and after; `undefined` means it was not there. */
export interface PackageChange {
  name: string
  from: string | undefined
  to: string | undefined
}

/** What an upgrade did. `changed: false` is an honest answer: there was nothing newer. */
export interface UpgradeResult {
  from: string
  to: string
  changed: boolean
  /** Packages other than the agent's that changed with it. */
  others: PackageChange[]
  /** What was run and what it printed, cleaned. */
  log: string
}

/** What a stage of an upgrade works with. */
export interface UpgradeWork {
  instance: Instance
  /** The agent's packages on this instance; never empty. */
  packages: readonly [string, ...string[]]
  /** Whether they are installed before the upgrade. */
  installed: boolean
  manager: PackageManagerName
  /** Runs as root, again while the archive has trouble. Returns stdout and stderr. */
  run: (what: string, command: string, environment?: Readonly<Record<string, string>>) => Promise<string>
  /** Fetches the lists of what is available. */
  refresh: () => Promise<void>
  retry: <T>(what: string, action: () => Promise<T>) => Promise<T>
  /** What is left of the deadline, and the signal. */
  limits: () => { deadline: Duration; signal?: AbortSignal }
  /** Keeps the output of a command in the log. */
  record: (result: CommandResult) => void
  note: (line: string) => void
}

/**
 * Brings the agent of a running instance to the version of `source`.
 * @throws PlatformError unavailable when the archive cannot be reached; CommandError when the package itself does not
 * install; UnsupportedError when the package manager cannot do what `source` asks.
 */
export async function upgradeAgent(
  instance: Instance,
  agent: Agent,
  source: UpgradeSource,
  options: UpgradeOptions = {},
): Promise<UpgradeResult> {
  const log: string[] = []
  const note = (line: string) => {
    log.push(line)
    options.onProgress?.(line)
  }
  const work = await prepare(instance, agent, options, log, note)
  const versionBefore = await agentVersion(work, agent)
  if (source.kind === 'none') return { from: versionBefore, to: versionBefore, changed: false, others: [], log: '' }
  const before = await instance.packages.list()
  await apply(work, agent, source, options.environment)
  const versionAfter = await agentVersion(work, agent)
  const changes = changedPackages(before, await instance.packages.list())
  const ours = new Set<string>(work.packages)
  const others = changes.filter((change) => !ours.has(change.name))
  const changed = versionBefore !== versionAfter || changes.some((change) => ours.has(change.name))
  note(
    changed
      ? `${agent.name} ${versionBefore} -> ${versionAfter}`
      : `${agent.name} ${versionBefore} is what the source offers; nothing changed`,
  )
  for (const { name, from, to } of others) note(`also: ${name} ${from ?? '(new)'} -> ${to ?? '(removed)'}`)
  return { from: versionBefore, to: versionAfter, changed, others, log: `${log.join('\n')}\n` }
}

async function prepare(
  instance: Instance,
  agent: Agent,
  options: UpgradeOptions,
  log: string[],
  note: (line: string) => void,
): Promise<UpgradeWork> {
  const deadlineAt = performance.now() + toMs(options.deadline ?? '10 minutes')
  const { signal } = options
  const leftMs = () => Math.max(1000, Math.floor(deadlineAt - performance.now()))
  const limits: UpgradeWork['limits'] = () => ({
    deadline: `${leftMs()} ms`,
    ...(signal === undefined ? {} : { signal }),
  })
  const record: UpgradeWork['record'] = ({ command, stdout, stderr }) => {
    log.push(`$ ${command}`, cleanText(`${stdout}${stderr}`).trimEnd())
  }
  const retry: UpgradeWork['retry'] = (what, action) => {
    const onRetry = (reason: string) => note(`trying again to ${what}: ${cleanText(reason)}`)
    return withMirrorRetries(
      { what, deadlineMs: leftMs(), onRetry, ...(signal === undefined ? {} : { signal }) },
      action,
    )
  }
  const run: UpgradeWork['run'] = (what, command, more = {}) =>
    retry(what, async () => {
      const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', NEEDRESTART_MODE: 'l', ...more }
      const result = await instance.root.run(command, { ...limits(), env, check: true })
      record(result)
      return `${result.stdout}${result.stderr}`
    })
  const refresh = () =>
    refreshArchive(instance, {
      deadlineMs: leftMs(),
      onNote: (line) => note(cleanText(line)),
      onCommand: record,
      ...(signal === undefined ? {} : { signal }),
    })
  const manager = await instance.packages.manager()
  const list = await instance.packages.list()
  const packages = agentPackages(list, agent, manager)
  return { instance, packages, installed: list.has(packages[0]), manager, run, refresh, retry, limits, record, note }
}

function agentPackages(
  list: ReadonlyMap<string, string>,
  agent: Agent,
  manager: PackageManagerName,
): readonly [string, ...string[]] {
  const [first, ...rest] = agent.packages[manager] ?? []
  if (first === undefined) throw new UnsupportedError(`the agent ${agent.name} has no packages for ${manager}`)
  const [known, ...others] = [first, ...rest].filter((name) => list.has(name))
  return known === undefined ? [first] : [known, ...others]
}

async function apply(
  work: UpgradeWork,
  agent: Agent,
  source: Exclude<UpgradeSource, { kind: 'none' }>,
  environment: UpgradeOptions['environment'],
): Promise<void> {
  const { instance, packages, note } = work
  switch (source.kind) {
    case 'release':
      note(`upgrading ${packages.join(' ')} from the configured archive`)
      await work.refresh()
      return upgradeInstalled(work)
    case 'package':
      note(`installing ${source.path}`)
      await work.refresh()
      return work.retry(`install ${source.path}`, async () =>
        work.record(await instance.packages.installFile(source.path, work.limits())),
      )
    case 'repository':
      note(`adding a repository and upgrading ${packages.join(' ')}`)
      await addRepository(work, source)
      await work.refresh()
      return upgradeInstalled(work)
    case 'suite':
      return installFromSuite(work, source.suite)
    case 'command':
      note(`running the upgrade command for ${agent.name}`)
      await work.run('run the upgrade command', source.command, environment)
  }
}

/** An agent that was not there is installed: `upgrade` alone would silently do nothing. */
async function upgradeInstalled({ instance, packages, installed, retry, record, limits }: UpgradeWork): Promise<void> {
  await retry(`upgrade ${packages.join(' ')}`, async () => {
    record(
      await (installed ? instance.packages.upgrade(packages, limits()) : instance.packages.install(packages, limits())),
    )
  })
}

async function agentVersion(work: UpgradeWork, agent: Agent): Promise<string> {
  const known = await work.instance.packages.version(work.packages[0])
  if (known !== undefined) return known
  const result = await work.instance.root.run(agent.versionCommand, { deadline: '30 seconds' })
  const line = cleanText(result.stdout).split('\n')[0]?.trim() ?? ''
  if (result.exitCode !== 0 || line === '') return 'not installed'
  return line
}

/** Packages whose version differs, by name. */
export function changedPackages(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): PackageChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names
    .map((name) => ({ name, from: before.get(name), to: after.get(name) }))
    .filter((change) => change.from !== change.to)
}
