import { relative } from 'node:path'
import { consoleReporter, githubAnnotations, writeReports } from '../reporters/index.ts'
import { runMatrix, type RunOptions } from '../runner/run.ts'
import { note } from './output.ts'

/** Runs cells, shows them while they run, and writes every report. Resolves with the exit code. */
export async function runWithReports(options: RunOptions): Promise<number> {
  let reports: readonly string[] = []
  const reporter = consoleReporter({ stream: process.stdout, reports: () => reports })
  try {
    const { exitCode, runDir, unwritable } = await runMatrix({
      ...options,
      onEvent: (event) => reporter.onEvent(event),
    })
    if (unwritable) note(`the run was ended early: ${unwritable.message}\n  ${unwritable.hint ?? ''}`)
    try {
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

function shorter(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
