import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { copyFiles } from './blob.ts'
import { linesOf, readPart } from './part.ts'
import { isOfCell, type MergePlan, planMerge } from './plan-merge.ts'

export interface Merged {
  runDir: string
  runId: string
  exitCode: number
  /** Cells that no part brought to an end, each with the reason. */
  missing: { id: string; reason: string }[]
}

/**
 * Makes one run of the parts of a plan: folders of runs, or blobs. The same parts give the same bytes in whatever order they are given.
 * Cells of shards that are missing or did not end are not judged, so the exit code is not 0 then.
 * @param reportsDir folder that receives the folder of the run; one of the same parts is replaced
 * @throws ConfigError when the parts do not belong together, are damaged, or are of a newer harness
 */
export async function mergeRuns(names: readonly string[], reportsDir: string): Promise<Merged> {
  const parts = []
  for (const name of names) parts.push(await readPart(name))
  const plan = planMerge(parts)
  const runDir = join(reportsDir, plan.runId)
  const fresh = `${runDir}.${process.pid}.tmp`
  try {
    await mkdir(fresh, { recursive: true })
    for (const part of plan.parts) await copyFiles(part, fresh)
    await pipeline(Readable.from(mergedLines(plan)), createWriteStream(join(fresh, 'events.jsonl')))
    await rm(runDir, { recursive: true, force: true })
    await rename(fresh, runDir)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  const missing = plan.missing.map(({ cell, reason = '' }) => ({ id: cell, reason }))
  return { runDir, runId: plan.runId, exitCode: plan.last.exitCode, missing }
}

async function* mergedLines(plan: MergePlan): AsyncGenerator<string> {
  yield `${JSON.stringify(plan.first)}\n`
  for (const part of plan.parts) {
    for await (const { event } of linesOf(part)) if (event && isOfCell(event)) yield `${JSON.stringify(event)}\n`
  }
  for (const event of [...plan.missing, plan.last]) yield `${JSON.stringify(event)}\n`
}
