import { githubAnnotations } from '../reporters/github.ts'
import { consoleReporter } from '../reporters/console/console.ts'
import { applyEvent, emptyRun } from '../results/run-model.ts'
import { runMatrix, type RunOptions } from '../runner/run.ts'

/** Runs cells, shows them while they run, and writes every report. Resolves with the exit code. */
export async function runWithReports(options: RunOptions): Promise<number> {
  let reports: readonly string[] = []
  const reporter = consoleReporter({ stream: process.stdout, reports: () => reports })
  const run = emptyRun()
  try {
    const { exitCode, runDir } = await runMatrix({
      ...options,
      onEvent: (event) => {
        applyEvent(run, event)
        reporter.onEvent(event)
      },
    })
    reports = [runDir]
    if (process.env.GITHUB_ACTIONS) for (const line of githubAnnotations(run)) process.stdout.write(`${line}\n`)
    return exitCode
  } finally {
    reporter.close()
  }
}
