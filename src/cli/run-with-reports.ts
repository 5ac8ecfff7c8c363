import { join, relative } from 'node:path'
import { consoleReporter, githubAnnotations, writeBlob, writeReports } from '../reporters/index.ts'
import { readEvents } from '../results/read-events.ts'
import { foldEvents, type RunModel } from '../results/run-model.ts'
import { runMatrix, type RunOptions } from '../runner/run.ts'
import { note } from './output.ts'

/** Runs cells, shows them while they run, and writes every report. Resolves with the exit code. */
export async function runWithReports({ blob, ...options }: RunOptions & { blob?: string }): Promise<number> {
  let reports: readonly string[] = []
  const before = options.resume ? await modelOf(join(options.reportsDir, options.runId ?? '')) : undefined
  const reporter = consoleReporter({ stream: process.stdout, reports: () => reports, ...(before ? { before } : {}) })
  try {
    const { exitCode, runDir, unwritable } = await runMatrix({
      ...options,
      onEvent: (event) => reporter.onEvent(event),
    })
    if (unwritable) note(`the run was ended early: ${unwritable.message}\n  ${unwritable.hint ?? ''}`)
    try {
      if (blob !== undefined) await writeBlob(runDir, blob)
      const { run, paths } = await writeReports(runDir)
      reports = Object.values(paths).map((path) => shorter(path))
      if (process.env.GITHUB_ACTIONS) for (const line of githubAnnotations(run)) process.stdout.write(`${line}\n`)
    } catch (error) {
      // The events are there, so no result is lost: the reports can be made later.
      note(`the reports cannot be written: ${(error as Error).message}\n  later: harness report ${runDir}`)
    }
    return exitCode
  } finally {
    reporter.close()
  }
}

/** What is known of a run that goes on; undefined when it was killed before it said anything. */
async function modelOf(runDir: string): Promise<RunModel | undefined> {
  const read = await readEvents(runDir).catch(() => undefined)
  return read && foldEvents(read.events)
}

function shorter(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
