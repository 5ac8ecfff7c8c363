import { toMs } from '../../core/duration.ts'
import type { Duration } from '../../core/duration.ts'
import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import { cleanText } from '../../core/text.ts'
import type { Instance } from '../instance.ts'
import type { Agent, AgentPackageManager } from './agents.ts'
import { addRepository } from './repository.ts'
import { withMirrorRetries } from './mirror.ts'
import { installFromSuite } from './suite.ts'
import type { UpgradeSource } from './source.ts'

export interface UpgradeOptions {
  signal?: AbortSignal
  /** Receives one line per stage, fit to print. */
  onProgress?: (line: string) => void
  /** For everything together. Default `"10 minutes"`. */
  deadline?: Duration
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
  manager: AgentPackageManager
  /** Runs as root, again while the archive has trouble. Returns stdout and stderr. */
  run: (what: string, command: string) => Promise<string>
  retry: <T>(what: string, action: () => Promise<T>) => Promise<T>
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
  const before = await packageVersions(instance)
  await apply(work, agent, source)
  const versionAfter = await agentVersion(work, agent)
  const changes = changedPackages(before, await packageVersions(instance))
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
  const retry: UpgradeWork['retry'] = (what, action) =>
    withMirrorRetries(
      {
        what,
        deadlineMs: Math.max(1000, deadlineAt - performance.now()),
        onRetry: (reason) => note(`trying again to ${what}: ${cleanText(reason)}`),
        ...(signal === undefined ? {} : { signal }),
      },
      action,
    )
  const run: UpgradeWork['run'] = (what, command) =>
    retry(what, async () => {
      log.push(`$ ${command}`)
      const remaining = Math.max(1000, Math.floor(deadlineAt - performance.now()))
      const result = await instance.root.run(command, {
        env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', NEEDRESTART_SUSPEND: '1' },
        deadline: `${remaining} ms`,
        check: true,
        ...(signal === undefined ? {} : { signal }),
      })
      const output = `${result.stdout}${result.stderr}`
      log.push(cleanText(output).trimEnd())
      return output
    })
  const manager = instance.packages.manager
  const packages = await agentPackages(instance, agent, manager)
  return { instance, packages, manager, run, retry, note }
}

async function agentPackages(
  instance: Instance,
  agent: Agent,
  manager: AgentPackageManager,
): Promise<readonly [string, ...string[]]> {
  const [first, ...rest] = agent.packages[manager] ?? []
  if (first === undefined) throw new UnsupportedError(`the agent ${agent.name} has no packages for ${manager}`)
  const installed: string[] = []
  for (const name of [first, ...rest]) if ((await instance.packages.version(name)) !== undefined) installed.push(name)
  const [known, ...others] = installed
  return known === undefined ? [first] : [known, ...others]
}

async function apply(work: UpgradeWork, agent: Agent, source: Exclude<UpgradeSource, { kind: 'none' }>): Promise<void> {
  const { instance, packages, note } = work
  switch (source.kind) {
    case 'release':
      note(`upgrading ${packages.join(' ')} from the configured archive`)
      await work.retry('refresh the package index', () => instance.packages.refresh())
      return work.retry(`upgrade ${packages.join(' ')}`, () => instance.packages.upgrade(packages))
    case 'package':
      note(`installing ${source.path}`)
      await work.retry('refresh the package index', () => instance.packages.refresh())
      return work.retry(`install ${source.path}`, () => instance.packages.installFile(source.path))
    case 'repository':
      note(`adding a repository and upgrading ${packages.join(' ')}`)
      await addRepository(work, source)
      await work.retry('refresh the package index', () => instance.packages.refresh())
      return work.retry(`upgrade ${packages.join(' ')}`, () => instance.packages.upgrade(packages))
    case 'suite':
      return installFromSuite(work, source.suite)
    case 'command':
      note(`running the upgrade command for ${agent.name}`)
      await work.run('run the upgrade command', source.command)
  }
}

async function agentVersion(work: UpgradeWork, agent: Agent): Promise<string> {
  const known = await work.instance.packages.version(work.packages[0])
  if (known !== undefined) return known
  const result = await work.instance.root.run(agent.versionCommand, { deadline: '30 seconds' })
  const line = cleanText(result.stdout).split('\n')[0]?.trim() ?? ''
  if (result.exitCode !== 0 || line === '') return 'not installed'
  return line
}

async function packageVersions(instance: Instance): Promise<Map<string, string>> {
  const list = await instance.packages.list()
  if (list.length === 0) throw new PlatformError('unavailable', 'the package list of the instance is empty')
  return new Map(list.map((entry) => [entry.name, entry.version]))
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
