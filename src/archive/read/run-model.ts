import { emptyCell } from '../../results/cell-model.ts'
import { emptyRun, type CellModel, type RunModel } from '../../results/run-model.ts'
import { findCellRun } from './cell-runs.ts'
import type { ReadArchive } from './page.ts'
import { findRun } from './runs.ts'

/** A stored run in the form that reporters read; undefined when there is none. Steps were never submitted. */
export async function readRunModel(archive: ReadArchive, submission: string): Promise<RunModel | undefined> {
  const found = await findRun(archive, submission)
  if (!found) return undefined
  const { run } = found
  const cells: CellModel[] = []
  for (const { uid } of found.cells) {
    const cell = await readCellModel(archive, uid)
    if (cell) cells.push(cell)
  }
  const startedAt = new Date(run.startedAt).toISOString()
  return {
    ...emptyRun(),
    runId: run.runId,
    harness: run.harness,
    startedAt,
    lastEventAt: startedAt,
    ended: true,
    status: run.status,
    durationMs: run.durationMs,
    cells,
    ...(run.plan === null ? {} : { plan: run.plan }),
  }
}

async function readCellModel(archive: ReadArchive, uid: string): Promise<CellModel | undefined> {
  const found = await findCellRun(archive, uid)
  if (!found) return undefined
  const { row, detail, files } = found
  const { axes, suites, agent, error, usage, upgrade, earlier, measured, warnings, checks = [] } = detail
  const summary = {
    id: row.cell,
    platform: row.platform,
    image: row.image,
    distribution: '',
    release: '',
    instanceType: axes['instance-type'] ?? '',
    boot: axes['boot'] ?? '',
    agent,
    suites,
    axes,
  }
  return {
    ...emptyCell(summary),
    state: 'ended',
    attempt: row.attempt,
    earlier,
    startedAt: new Date(row.startedAt).toISOString(),
    durationMs: row.durationMs,
    boots: row.boots,
    status: row.status,
    flaky: row.flaky === 1,
    checks,
    measured,
    warnings,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(error ? { error } : {}),
    ...(usage ? { usage } : {}),
    ...(upgrade ? { upgrade } : {}),
    logs: files
      .filter(({ kind }) => kind === 'log')
      .map(({ name, title, bytes, truncated }) => ({
        file: name,
        title,
        bytes,
        truncated: truncated === 1,
        redactions: 0,
      })),
  }
}
