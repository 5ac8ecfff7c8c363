import type { Facts } from '../instance/facts/facts.ts'
import { isKnown } from '../instance/facts/unknown-fact.ts'
import type { Subject } from './open-subject.ts'

/** What an image is, in a few values. Those that nobody could see are absent. */
export interface ImageDescription {
  path?: string
  bytes?: number
  os?: string
  architecture?: string
  kernels?: string[]
  init?: string
  packages?: number
  packageManager?: string
  /** Accounts with a login shell. */
  logins?: string[]
  enabledServices?: number
  agent?: string
  datasources?: string[]
  repositories?: string[]
  setuid?: number
  /** Files with the serial of the build: path to content. */
  stamps?: Record<string, string>
}

/** The manifest of an image, read from its facts. */
export function describeImage({ facts, image }: Pick<Subject, 'facts' | 'image'>): ImageDescription {
  const all: { [Name in keyof ImageDescription]: ImageDescription[Name] | undefined } = {
    path: image?.path,
    bytes: image?.bytes,
    os: when(facts, 'os', () => facts.os.prettyName ?? facts.os.id),
    architecture: when(facts, 'architecture', () => facts.architecture),
    kernels: when(facts, 'bootFiles', () => kernelsOf(facts)),
    init: when(facts, 'system', () => facts.system.init),
    packages: when(facts, 'packages', () => facts.packages.length),
    packageManager: when(facts, 'packageManager', () => facts.packageManager),
    logins: when(facts, 'accounts', () => loginsOf(facts)),
    enabledServices: when(facts, 'unitFiles', () => enabledOf(facts).length),
    agent: when(facts, 'cloudInit', () => agentOf(facts)),
    datasources: when(facts, 'cloudInit', () => facts.cloudInit.datasourceList ?? []),
    repositories: when(facts, 'repositories', () => repositoriesOf(facts)),
    setuid: when(facts, 'setuid', () => facts.setuid.length),
    stamps: when(facts, 'system', () => facts.system.buildStamps),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as ImageDescription
}

/** Units and services that start by themselves, sorted. */
export function enabledOf(facts: Facts): string[] {
  const units = Object.entries(facts.unitFiles).flatMap(([unit, state]) => (state === 'enabled' ? [unit] : []))
  const services = isKnown(facts, 'services') ? Object.values(facts.services).flat() : []
  return [...new Set([...units, ...services])].sort()
}

/** One line for each source of packages. */
export function repositoriesOf(facts: Facts): string[] {
  return facts.repositories
    .filter(({ enabled }) => enabled)
    .map(({ types, uri, suites, components }) => [types.join(','), uri, ...suites, ...components].join(' '))
    .sort()
}

function kernelsOf(facts: Facts): string[] {
  return facts.bootFiles.flatMap(({ path }) => /^\/boot\/(?:vmlinuz|vmlinux|Image)-(.+)$/.exec(path)?.[1] ?? []).sort()
}

function loginsOf(facts: Facts): string[] {
  return facts.accounts
    .filter(({ shell }) => !/(?:nologin|false|sync|halt|shutdown)$/.test(shell))
    .map(({ name }) => name)
}

function agentOf(facts: Facts): string {
  const { installed, version } = facts.cloudInit
  return installed ? `cloud-init ${version ?? 'of unknown version'}` : 'none'
}

function when<T>(facts: Facts, name: Parameters<typeof isKnown>[1], value: () => T): T | undefined {
  return isKnown(facts, name) ? value() : undefined
}
