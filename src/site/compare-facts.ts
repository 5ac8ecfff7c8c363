import { findCellRun, type ReadArchive } from '../archive/index.ts'
import { diffImages, type Difference } from '../inspect/index.ts'
import { HarnessError } from '../core/errors.ts'
import { readFacts } from '../instance/facts/read-facts.ts'
import type { Facts } from '../instance/facts/facts.ts'
import type { BuildSide } from './compare-builds.ts'

/** Cells that are tried before nothing is said. */
const TRIED = 5

/** What facts of the unmodified image say, of the first cell that has kept them with both builds. */
export async function compareFacts(
  archive: ReadArchive,
  before: BuildSide,
  after: BuildSide,
): Promise<{ cell: string; differences: Difference[] } | undefined> {
  const old = new Map(before.results.map((row) => [row.cell, row.uid]))
  for (const { cell, uid } of after.results.filter((row) => old.has(row.cell)).slice(0, TRIED)) {
    const from = await factsOf(archive, old.get(cell) ?? '')
    const to = await factsOf(archive, uid)
    const phase = [...from.keys()].find((one) => to.has(one))
    const both = phase === undefined ? [] : [from.get(phase), to.get(phase)]
    const [one, other] = both
    if (!one || !other) continue
    const subject = (name: string, facts: Facts) => ({ name, facts, [Symbol.asyncDispose]: () => Promise.resolve() })
    const { others } = await diffImages(subject(before.image.build, one), subject(after.image.build, other))
    return { cell, differences: others }
  }
  return undefined
}

/** Facts of a result by phase, those of the unmodified image first. */
async function factsOf(archive: ReadArchive, uid: string): Promise<Map<string, Facts>> {
  const found = await findCellRun(archive, uid)
  const files = (found?.files ?? []).filter(({ kind, subject }) => kind === 'facts' && subject !== 'upgraded')
  const facts = new Map<string, Facts>()
  for (const { name, digest, phase } of files) {
    const content = await archive.blobs.read(digest)
    if (!content) continue
    try {
      facts.set(phase ?? name, readFacts(content.toString('utf8'), name))
    } catch (error) {
      // Facts that cannot be read are not compared; who made them is no longer there to be told.
      if (!(error instanceof HarnessError)) throw error
    }
  }
  return facts
}
