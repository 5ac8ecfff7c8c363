import { defineCommand } from '../command.ts'
import { note, print, printJson } from '../output.ts'

export default defineCommand({
  name: 'merge',
  args: 'PART...',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Makes one run of the parts that `harness run --shard` worked on, with one report and one exit code. PART is the folder of a run, or a file that --blob wrote. Cells of parts that are missing or did not end count as not judged, and the exit code tells. The order does not matter.',
  options: {
    'reports-dir': { type: 'string', value: 'DIR', text: 'folder that gets a folder for the run; default ./reports' },
    'report-url': { type: 'string', value: 'URL', text: 'where index.html is published, for the link in summary.md' },
    json: { type: 'boolean', text: 'print the run as data instead' },
  },
  examples: ['harness merge shards/*/', 'harness merge *.blob --reports-dir merged'],
  async run({ options, args }) {
    const { githubAnnotations, mergeRuns, runData, runSummary, writeReports } = await import('../../reporters/index.ts')
    const { runDir, exitCode, missing } = await mergeRuns(args, options['reports-dir'] ?? 'reports')
    const { run, paths } = await writeReports(
      runDir,
      options['report-url'] === undefined ? {} : { reportUrl: options['report-url'] },
    )
    if (options.json) await printJson(runData(run))
    else await print(runSummary(run, Object.values(paths)))
    if (process.env.GITHUB_ACTIONS) for (const line of githubAnnotations(run)) note(line)
    if (missing.length > 0) note(`${missing.length} cells are missing: ${missing[0]?.reason}`)
    return exitCode
  },
})
