import { join, relative } from 'node:path'
import { findAgent } from '../../instance/agent/agents.ts'
import { type CollectedFile, collectLogs } from '../../instance/agent/collect.ts'
import type { Instance } from '../../instance/instance.ts'
import { checkLogs, findingsToRecords, judgedLogKind } from '../../logs/index.ts'
import { readBootTimes } from './boot-times.ts'
import type { CellStage } from './cell-stage.ts'
import { keepScreenshot } from './screenshot.ts'

/** A log of the cell that rules may be applied to. */
export interface KeptLog {
  path: string
  /** Relative to the folder of the run. */
  name: string
  kind: CollectedFile['kind']
}

/** Keeps the logs of the machine under test, after success and after failure. What cannot be had is a gap, not an error. */
export async function collect(stage: CellStage, instance: Instance): Promise<KeptLog[]> {
  const dir = join(stage.dir, 'logs')
  const logs = await stage.step('collect', () => collectInto(stage, instance, dir))
  const values = await readBootTimes(dir)
  if (Object.keys(values).length > 0) stage.emit({ type: 'measured', subject: stage.plan.subject, values })
  return logs
}

/** The same for an own instance of checks that failed. Never rejects. */
export async function collectOwn(stage: CellStage, instance: Instance, name: string): Promise<void> {
  try {
    await collectInto(stage, instance, join(stage.dir, 'logs', name))
  } catch (error) {
    stage.emit({
      type: 'warning',
      message: `the logs of ${instance.name} could not be kept: ${(error as Error).message}`,
    })
  }
}

/** Judges logs by the log rules. */
export async function scanLogs(stage: CellStage, logs: readonly KeptLog[]): Promise<void> {
  const { cell, subject } = stage.plan
  if (!cell.suites.includes('logs')) return stage.skipStep('scan-logs', 'the suite logs is not asked for')
  await stage.step('scan-logs', async () => {
    const started = performance.now()
    const files = logs.flatMap(({ path, name }) => {
      const kind = judgedLogKind(name)
      return kind ? [{ path, name, kind }] : []
    })
    const { distribution, platform, boot } = cell
    const container = boot === 'container' || stage.isContainer
    const scans = await checkLogs(files, { distribution, platform, container })
    const durationMs = performance.now() - started
    for (const record of findingsToRecords(scans, { subject, durationMs })) stage.record(record)
  })
}

async function collectInto(stage: CellStage, instance: Instance, dir: string): Promise<KeptLog[]> {
  const agent = findAgent(stage.plan.cell.agentName)
  const [files] = await Promise.all([
    collectLogs(instance, agent, { dir, signal: stage.collectSignal() }),
    keepScreenshot(stage, instance, dir),
  ])
  return files.map(({ file, title, bytes, truncated, kind }) => {
    const path = join(dir, file)
    const name = relative(stage.run.runDir, path)
    stage.emit({ type: 'log-collected', file: name, title, bytes, truncated })
    return { path, name, kind }
  })
}
