import type { CellRunRow } from '../archive/read/cell-runs.ts'
import type { ImageRow, PackageRow } from '../archive/read/images.ts'
import type { CheckRecord } from '../results/check-record.ts'
import { recordKey } from '../results/run-model.ts'
import type { Difference } from '../inspect/index.ts'

/** What is compared: the same cells with another image. */
export interface BuildSide {
  image: ImageRow
  /** The newest result of each cell. */
  results: readonly CellRunRow[]
  checks: ReadonlyMap<string, readonly CheckRecord[]>
  packages: readonly PackageRow[] | undefined
}

/** A judgement that came out otherwise. */
export interface Changed {
  cell: string
  uid: string
  record: CheckRecord
}

export interface PackageChange {
  name: string
  from: string | undefined
  to: string | undefined
}

export interface BuildComparison {
  before: ImageRow
  after: ImageRow
  /** Undefined when one of the two has no list of packages. */
  packages: PackageChange[] | undefined
  /** Cells that both builds were judged in. */
  cells: number
  broke: Changed[]
  fixed: Changed[]
  stillFailing: Changed[]
  /** Judgements that only one side has: what was not judged is neither broken nor fixed. */
  onlyBefore: number
  onlyAfter: number
  boots: { cell: string; from: number; to: number }[]
  /** What recorded facts say, and of which cell; empty when none were kept. */
  facts: { cell: string; differences: Difference[] } | undefined
}

/** Packages whose change explains most, on top. */
const FIRST =
  /^(linux-image|linux-modules|kernel|cloud-init|systemd|openssh-server|waagent|google-guest-agent|amazon-ssm-agent)/

/** Compares two builds of an image cell by cell. */
export function compareBuilds(before: BuildSide, after: BuildSide): Omit<BuildComparison, 'facts'> {
  const comparison: Omit<BuildComparison, 'facts'> = {
    before: before.image,
    after: after.image,
    packages: before.packages && after.packages && comparePackages(before.packages, after.packages),
    cells: 0,
    broke: [],
    fixed: [],
    stillFailing: [],
    onlyBefore: 0,
    onlyAfter: 0,
    boots: [],
  }
  const old = new Map(before.results.map((row) => [row.cell, row]))
  for (const row of after.results) {
    const was = old.get(row.cell)
    if (!was) continue
    if (after.checks.has(row.uid) && before.checks.has(was.uid)) comparison.cells++
    if (was.bootMs !== null && row.bootMs !== null)
      comparison.boots.push({ cell: row.cell, from: was.bootMs, to: row.bootMs })
    compareChecks(comparison, row, before.checks.get(was.uid) ?? [], after.checks.get(row.uid) ?? [])
  }
  comparison.boots.sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from))
  return comparison
}

function compareChecks(
  comparison: Omit<BuildComparison, 'facts'>,
  { cell, uid }: CellRunRow,
  before: readonly CheckRecord[],
  after: readonly CheckRecord[],
): void {
  const counted = (records: readonly CheckRecord[]) =>
    new Map(records.filter(({ baseline }) => !baseline).map((record) => [recordKey(record), record]))
  const old = counted(before)
  const now = counted(after)
  for (const [key, record] of now) {
    const was = old.get(key)
    // A log rule has a record only where it hits.
    const passedBefore = was ? was.status === 'pass' : record.suite === 'logs' && old.size > 0
    if (!was && record.suite !== 'logs') comparison.onlyAfter++
    if (bad(record) && passedBefore) comparison.broke.push({ cell, uid, record })
    else if (bad(record) && was && bad(was)) comparison.stillFailing.push({ cell, uid, record })
    else if (was && bad(was) && record.status === 'pass') comparison.fixed.push({ cell, uid, record })
  }
  for (const [key, record] of old) {
    if (now.has(key)) continue
    if (record.suite !== 'logs') comparison.onlyBefore++
    else if (bad(record) && now.size > 0) comparison.fixed.push({ cell, uid, record })
  }
}

function bad({ status }: CheckRecord): boolean {
  return status === 'fail' || status === 'error'
}

function comparePackages(before: readonly PackageRow[], after: readonly PackageRow[]): PackageChange[] {
  const key = ({ name, architecture }: PackageRow) => (architecture === '' ? name : `${name}:${architecture}`)
  const versions = (all: readonly PackageRow[]) => new Map(all.map((one) => [key(one), one]))
  const old = versions(before)
  const now = versions(after)
  const names = [...new Set([...old.keys(), ...now.keys()])]
  return names
    .filter((name) => old.get(name)?.version !== now.get(name)?.version)
    .map((name) => ({
      name: (old.get(name) ?? now.get(name))?.name ?? name,
      from: old.get(name)?.version,
      to: now.get(name)?.version,
    }))
    .sort((a, b) => Number(FIRST.test(b.name)) - Number(FIRST.test(a.name)) || (a.name < b.name ? -1 : 1))
}
