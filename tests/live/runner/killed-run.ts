// A process that works on a run and is killed by its test: `killed-run.ts FOLDER RUN new|resume CONCURRENCY`.
import { join } from 'node:path'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { runMatrix } from '../../../src/runner/run.ts'
import { recallRun } from '../../../src/runner/run-record.ts'

const [folder = '', runId = '', how = '', concurrency = '2'] = process.argv.slice(2)
const known = how === 'resume' ? await recallRun(runId) : undefined
const cells = known?.cells ?? expand()
const { exitCode } = await runMatrix({
  cells,
  reportsDir: join(folder, 'reports'),
  concurrency: Number(concurrency),
  builtInChecks: [],
  runId,
  resume: how === 'resume',
})
process.exit(exitCode)

function expand() {
  const platform = process.env['HARNESS_KILL_PLATFORM'] ?? 'lxd'
  const types = process.env['HARNESS_KILL_TYPES'] ?? 'default,c1m768'
  const matrix = {
    axes: {
      platform: [platform],
      image: [process.env['HARNESS_TEST_IMAGE'] ?? 'debian-13'],
      'instance-type': types.split(','),
    },
    agent: { source: 'none' },
    // Without suites a cell is short: one machine, which boots twice.
    suites: process.env['HARNESS_KILL_SUITES'] === 'all' ? ['policy', 'regression'] : [],
    checks: [join(import.meta.dirname, '../leaks/checks')],
    timeouts: { boot: '3 minutes' },
    platforms: { [platform]: { options: JSON.parse(process.env['HARNESS_KILL_OPTIONS'] ?? '{}') as unknown } },
  }
  return expandMatrix(parseMatrix(JSON.stringify(matrix), join(folder, 'matrix.yaml'))).cells
}
