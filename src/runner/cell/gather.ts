import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { collectFacts } from '../../instance/facts/collect.ts'
import { formatFacts } from '../../instance/facts/format-facts.ts'
import { isKnown } from '../../instance/facts/unknown-fact.ts'
import type { Instance } from '../../instance/instance.ts'
import type { Phase } from '../../results/check-record.ts'
import type { CellStage } from './cell-stage.ts'
import type { Subject } from '../plan/planned-check.ts'

/** Gathers the facts of an instance in one round trip and keeps them in the report. Returns the path of the file. */
export async function gatherInto(
  stage: CellStage,
  instance: Instance,
  use: { subject: Subject; phase: Exclude<Phase, 'rest'>; file: string },
): Promise<string> {
  const facts = await collectFacts(instance, use.phase, { signal: stage.signal })
  if (isKnown(facts, 'system')) stage.isContainer = facts.system.container
  return await keepFacts(stage, use, formatFacts(facts))
}

/** Writes facts into the report. */
export async function keepFacts(
  stage: CellStage,
  use: { subject: Subject; phase: Phase; file: string },
  text: string,
): Promise<string> {
  const folder = join(stage.dir, 'facts')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${use.file}.json`)
  await writeFile(path, text)
  stage.emit({
    type: 'facts-collected',
    file: relative(stage.run.runDir, path),
    phase: use.phase,
    subject: use.subject,
  })
  return path
}
