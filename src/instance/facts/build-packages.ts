import type { Builders } from './builders.ts'
import type { Evidence } from './evidence.ts'
import type { Package, PackageFacts, PackageManager } from './facts.ts'
import { words } from './parse-lines.ts'
import {
  parseAptDump,
  parseAptFiles,
  parseAptList,
  parseAptUpgrades,
  parseDiversions,
  parseModified,
  parsePackages,
} from './parse-packages.ts'
import { parseRepositories } from './parse-repositories.ts'
import { known, UnknownFactError } from './unknown-fact.ts'

const MANAGERS: readonly PackageManager[] = ['apt', 'dnf', 'zypper', 'apk', 'pkg']
const DATABASES: Record<PackageManager, string | undefined> = {
  apt: 'packages-dpkg',
  dnf: 'packages-rpm',
  zypper: 'packages-rpm',
  apk: 'packages-apk',
  pkg: 'packages-pkg',
  unknown: undefined,
}

/** How each field of the package part is made from the evidence. */
export const buildPackages: Builders<PackageFacts> = {
  packageManager: (evidence) => managerOf(evidence),
  packages: (evidence) => packagesOf(evidence),
  foreignArchitectures: (evidence) => {
    const listed = evidence.located('foreign-architectures').map(({ text }) => text.trim())
    const native = nativeArchitecture(packagesOf(evidence))
    return listed.filter((arch) => arch && arch !== native)
  },
  architecture: (evidence) => nativeArchitecture(packagesOf(evidence)),
  packageDb: (evidence) => {
    if (evidence.atRest) {
      const broken = packagesOf(evidence).filter(
        ({ status }) => status !== 'installed' && status !== 'deinstall ok config-files',
      )
      return {
        command: 'status of each package',
        exitCode: 0,
        output: broken.map(({ name, version, status }) => `${name} ${version}: ${status}`),
      }
    }
    const exitCode = known(evidence.exitCode('package-audit'), 'package audit')
    if (exitCode >= 124) evidence.lines('package-audit')
    const [command = '', ...output] = evidence.lines('package-audit', { accept: [exitCode] })
    return { command: command.replace('command=', ''), exitCode, output: output.filter((line) => line.trim() !== '') }
  },
  modifiedFiles: (evidence) => {
    const { checked, modified } = parseModified(
      evidence.lines('modified-files'),
      new Set(),
      parseDiversions(evidence.located('diversions')),
    )
    if (checked === 0) throw new UnknownFactError('modified files', 'no packaged file could be compared')
    return modified
  },
  pathExcludes: (evidence) =>
    evidence.located('path-excludes').flatMap(({ text }) => /^\s*path-exclude\s*=\s*(\S+)/.exec(text)?.[1] ?? []),
  repositories: (evidence) =>
    parseRepositories(evidence.located('repositories').map((line) => ({ ...line, text: withoutLogin(line.text) }))),
  aptConfig: (evidence) => {
    if (managerOf(evidence) !== 'apt') return {}
    return evidence.atRest
      ? parseAptFiles(evidence.located('apt-files').map((line) => ({ ...line, text: withoutLogin(line.text) })))
      : parseAptDump(evidence.lines('apt-config').map(withoutLogin))
  },
  aptPreferences: (evidence) => evidence.located('apt-preferences').map(({ file, text }) => ({ file, line: text })),
  archiveKeys: (evidence) => evidence.files('archive-keys').map(({ path }) => path),
  orphans: (evidence) => parseAptList(evidence.lines('orphans')),
  pendingUpgrades: (evidence) => parseAptUpgrades(evidence.lines('upgrades')),
}

/** Addresses of archives and proxies may carry a login. */
function withoutLogin(text: string): string {
  return text.replace(/:\/\/[^/@\s"]+@/g, '://***@')
}

function managerOf(evidence: Evidence): PackageManager {
  const [name] = words(evidence.lines('package-manager').join(' '))
  return MANAGERS.find((manager) => manager === name) ?? 'unknown'
}

const parsed = new WeakMap<Evidence, Package[]>()

function packagesOf(evidence: Evidence): Package[] {
  let packages = parsed.get(evidence)
  if (!packages) {
    const section = known(DATABASES[managerOf(evidence)], 'packages', 'no package manager was recognised')
    packages = parsePackages(evidence.lines(section))
    if (packages.length === 0) throw new UnknownFactError('packages', 'the package database is empty')
    parsed.set(evidence, packages)
  }
  return packages
}

function nativeArchitecture(packages: readonly Package[]): string {
  const counts = new Map<string, number>()
  for (const { arch } of packages)
    if (!['all', 'noarch', ''].includes(arch)) counts.set(arch, (counts.get(arch) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
}
