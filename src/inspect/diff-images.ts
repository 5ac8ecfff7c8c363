import type { Facts } from '../instance/facts/facts.ts'
import { isKnown } from '../instance/facts/unknown-fact.ts'
import type { ChangelogEntry } from './changelog.ts'
import { changesSince } from './changelog.ts'
import { enabledOf, repositoriesOf } from './describe-image.ts'
import { listFiles } from './file-list.ts'
import type { FileList } from './file-list.ts'
import type { Subject } from './open-subject.ts'

/** Something with another value in the other image. */
export interface Change {
  name: string
  from: string
  to: string
}

export interface PackageChange extends Change {
  /** Vulnerabilities that the changelog says are fixed in between. */
  fixes: string[]
  /** Versions in between, newest first; absent when no changelog tells. */
  entries?: ChangelogEntry[]
}

/** What differs in one respect. */
export interface Difference<T extends Change = Change> {
  title: string
  added: Omit<Change, 'from'>[]
  removed: Omit<Change, 'to'>[]
  changed: T[]
}

/** The changelog between two images. Respects that one of the two does not know are named, and not compared. */
export interface ImageDiff {
  from: string
  to: string
  packages: Difference<PackageChange> | undefined
  others: Difference[]
  /** Numbers: sizes, counts, boot times. */
  measures: { title: string; unit: 'bytes' | 'files' | 'packages' | 'seconds'; from: number; to: number }[]
  notCompared: string[]
}

/** Compares two images or facts files. Files and security fixes need the images themselves. */
export async function diffImages(from: Subject, to: Subject, signal?: AbortSignal): Promise<ImageDiff> {
  const notCompared: string[] = []
  const both = (name: Parameters<typeof isKnown>[1]) => isKnown(from.facts, name) && isKnown(to.facts, name)
  const others = RESPECTS.flatMap(({ title, needs, values }) => {
    if (!needs.every(both)) {
      notCompared.push(title)
      return []
    }
    return compare(title, values(from.facts), values(to.facts))
  })
  const [before, after] =
    from.image && to.image
      ? await Promise.all([listFiles(from.image, signal), listFiles(to.image, signal)])
      : [undefined, undefined]
  if (before && after) others.push(compare('files', textsOf(before), textsOf(after)))
  else notCompared.push('files')
  const packages = both('packages') ? await comparePackages(from.facts, to) : undefined
  if (!packages) notCompared.push('packages')
  const measures = [
    ...measure('image', 'bytes', from.image?.bytes, to.image?.bytes),
    ...measure('content', 'bytes', sumOf(before), sumOf(after)),
    ...measure('files', 'files', before?.size, after?.size),
    ...measure('packages', 'packages', countOf(from.facts), countOf(to.facts)),
    ...bootTimes(from.facts, to.facts),
  ]
  return {
    from: from.name,
    to: to.name,
    packages,
    others: others.filter(({ added, removed, changed }) => added.length + removed.length + changed.length > 0),
    measures,
    notCompared,
  }
}

type Values = Readonly<Record<string, string>>

interface Respect {
  title: string
  needs: readonly Parameters<typeof isKnown>[1][]
  values: (facts: Facts) => Values
}

const RESPECTS: readonly Respect[] = [
  { title: 'system', needs: ['os', 'system'], values: systemOf },
  { title: 'services', needs: ['unitFiles'], values: (facts) => present(enabledOf(facts)) },
  {
    title: 'users',
    needs: ['accounts'],
    values: ({ accounts }) =>
      named(accounts, ({ uid, gid, home, shell, password }) => `${uid}:${gid} ${home} ${shell}, password ${password}`),
  },
  {
    title: 'groups',
    needs: ['groups'],
    values: ({ groups }) => named(groups, ({ gid, members }) => [gid, ...members].join(' ')),
  },
  { title: 'sudo rules', needs: ['sudo'], values: ({ sudo }) => linesOf(sudo.lines) },
  { title: 'SSH server', needs: ['sshdFiles'], values: ({ sshdFiles }) => linesOf(sshdFiles) },
  { title: 'package sources', needs: ['repositories'], values: (facts) => present(repositoriesOf(facts)) },
  {
    title: 'set-user-id programs',
    needs: ['setuid'],
    values: ({ setuid }) =>
      Object.fromEntries(setuid.map(({ path, mode, owner, group }) => [path, `${mode} ${owner}:${group}`])),
  },
  {
    title: 'mounts',
    needs: ['fstab'],
    values: ({ fstab }) =>
      Object.fromEntries(fstab.map(({ target, type, options }) => [target, `${type} ${options.join(',')}`])),
  },
  {
    title: 'boot',
    needs: ['bootFiles', 'loader'],
    values: ({ bootFiles, loader }) => ({
      ...Object.fromEntries(bootFiles.map(({ path }) => [path, 'present'])),
      ...loader.settings,
    }),
  },
]

function systemOf({ os, system }: Facts): Values {
  return {
    system: os.prettyName ?? os.id,
    init: system.init,
    ...(system.kernel === '' ? {} : { kernel: system.kernel }),
    ...system.buildStamps,
  }
}

async function comparePackages(from: Facts, to: Subject): Promise<Difference<PackageChange>> {
  const plain = compare('packages', versionsOf(from), versionsOf(to.facts))
  const changed = await Promise.all(
    plain.changed.map(async (change): Promise<PackageChange> => {
      const name = change.name.split(':')[0] ?? ''
      const entries = to.image ? await changesSince(to.image, name, change.to, change.from) : undefined
      const fixes = [...new Set(entries?.flatMap(({ cves }) => cves))].sort()
      return { ...change, fixes, ...(entries ? { entries } : {}) }
    }),
  )
  return { ...plain, changed }
}

/** Versions by name; packages of several architectures, or several versions at once, are told apart. */
function versionsOf({ packages }: Facts): Values {
  const names = packages.map(({ name }) => name)
  const several = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  const versions = new Map<string, string>()
  for (const { name, arch, version } of packages) {
    const key = several.has(name) ? `${name}:${arch}` : name
    versions.set(key, [versions.get(key), version].filter(Boolean).join(', '))
  }
  return Object.fromEntries(versions)
}

function compare(title: string, from: Values, to: Values): Difference {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()
  const difference: Difference = { title, added: [], removed: [], changed: [] }
  for (const name of names) {
    const [before, after] = [
      Object.hasOwn(from, name) ? from[name] : undefined,
      Object.hasOwn(to, name) ? to[name] : undefined,
    ]
    if (before === undefined) difference.added.push({ name, to: after ?? '' })
    else if (after === undefined) difference.removed.push({ name, from: before })
    else if (before !== after) difference.changed.push({ name, from: before, to: after })
  }
  return difference
}

function measure(
  title: string,
  unit: ImageDiff['measures'][number]['unit'],
  from: number | undefined,
  to: number | undefined,
): ImageDiff['measures'] {
  return from === undefined || to === undefined ? [] : [{ title, unit, from, to }]
}

function bootTimes(from: Facts, to: Facts): ImageDiff['measures'] {
  if (!isKnown(from, 'bootTimes') || !isKnown(to, 'bootTimes')) return []
  const parts = ['firmware', 'loader', 'kernel', 'initrd', 'userspace', 'total'] as const
  return parts.flatMap((part) => measure(`boot time, ${part}`, 'seconds', from.bootTimes[part], to.bootTimes[part]))
}

function countOf(facts: Facts): number | undefined {
  return isKnown(facts, 'packages') ? facts.packages.length : undefined
}

function sumOf(files: FileList | undefined): number | undefined {
  return files && [...files.values()].reduce((total, { bytes }) => total + bytes, 0)
}

function textsOf(files: FileList): Values {
  return Object.fromEntries([...files].map(([path, { text }]) => [path, text]))
}

function present(names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => [name, 'present']))
}

function named<T extends { name: string }>(items: readonly T[], text: (item: T) => string): Values {
  return Object.fromEntries(items.map((item) => [item.name, text(item)]))
}

function linesOf(lines: readonly { file: string; line: string }[]): Values {
  return present(lines.map(({ file, line }) => `${file}: ${line}`))
}
