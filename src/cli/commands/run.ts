import { selectedCells } from '../cells.ts'
import type { Executor } from '../../runner/executor.ts'
import { defineCommand } from '../command.ts'
import { databaseUrl } from '../database-option.ts'
import { note } from '../output.ts'
import { readConcurrency, RUN_OPTIONS } from '../run-options.ts'

export default defineCommand({
  name: 'run',
  text: 'Tests images: for each cell of the matrix it launches the image, gathers facts, upgrades the agent, reboots, judges by the policy, regression and log suites, collects logs, destroys what it made, and reports. Ctrl-C cancels and cleans up.',
  options: RUN_OPTIONS,
  examples: [
    'harness run --setup',
    'harness run --filter debian-13 --agent-source suite:sid',
    'harness run --image remote:my-image --agent-source none --checks ./checks',
  ],
  async run({ options, argv, signal }) {
    const { cells, excluded, waivers, concurrency, flaky } = await selectedCells(options)
    const parallel = readConcurrency(options.concurrency, concurrency)
    if (options['dry-run']) {
      const { printPlan } = await import('../print-plan.ts')
      await printPlan(cells, excluded)
      return 0
    }
    if (options.setup) {
      const { prepareHost } = await import('../prepare-host.ts')
      await prepareHost({ yes: options.yes ?? false, signal }, { lxd: cells.some((cell) => cell.platform === 'lxd') })
    }
    if (options.rebuild) await rebuild([...new Set(cells.map((cell) => cell.image))], signal)
    const executor = options.executor === 'queue' ? await queued(options.database) : undefined
    const { runWithReports } = await import('../run-with-reports.ts')
    return await runWithReports({
      cells,
      excluded,
      waivers,
      signal,
      concurrency: parallel,
      ...(executor ? { executor } : {}),
      reportsDir: options['reports-dir'] ?? 'reports',
      keep: options.keep ?? 'never',
      flaky: options.flaky ?? flaky ?? 'allow',
      argv: ['harness', 'run', ...argv],
    })
  },
})

async function queued(database: string | undefined): Promise<Executor> {
  const { queueExecutor } = await import('../../queue/index.ts')
  return queueExecutor({ url: databaseUrl(database), onNote: note })
}

async function rebuild(images: readonly string[], signal: AbortSignal): Promise<void> {
  const { buildImage, findRecipe } = await import('../../images/index.ts')
  for (const image of images) {
    if (!findRecipe(image) && !/\.ya?ml$/.test(image)) continue
    await buildImage(image, { rebuild: true, signal, onProgress: (line) => note(`${image}: ${line}`) })
  }
}
