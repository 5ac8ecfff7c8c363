import { selectedCells } from '../cells.ts'
import type { Cell } from '../../matrix/cell.ts'
import type { Executor } from '../../runner/schedule/executor.ts'
import { type Command, defineCommand, type OptionValues } from '../command.ts'
import { databaseUrl } from '../database-option.ts'
import { note } from '../output.ts'
import { readConcurrency, RUN_OPTIONS } from '../run-options.ts'
import { ownShard } from '../shard-option.ts'

const command = defineCommand({
  name: 'run',
  text: 'Tests images: for each cell of the matrix it launches the image, gathers facts, upgrades the agent, reboots, judges by the policy, regression and log suites, collects logs, destroys what it made, and reports. Ctrl-C cancels and cleans up.',
  options: RUN_OPTIONS,
  examples: [
    'harness run --setup',
    'harness run --filter debian-13 --agent-source suite:sid',
    'harness run --image remote:my-image --agent-source none --checks ./checks',
    'harness run --resume 20261122-040925-yw8i',
  ],
  async run({ options, argv, signal }) {
    if (options.resume !== undefined) return await resume(options.resume, options, signal)
    const selected = await selectedCells(options)
    const { cells: all, excluded, waivers, concurrency, flaky, notSelected, spend, lastKnown } = selected
    const { cells, shard } = await ownShard(all, options)
    const parallel = readConcurrency(options.concurrency, concurrency)
    if (options['dry-run']) {
      const { printPlan } = await import('../print-plan.ts')
      await printPlan({ ...selected, cells })
      return 0
    }
    if (options.setup) {
      const { prepareHost } = await import('../prepare-host.ts')
      const uses = (name: string) => cells.some((cell) => cell.platform === name)
      await prepareHost({ yes: options.yes ?? false, signal }, { lxd: uses('lxd'), qemu: uses('qemu') })
    }
    if (options.rebuild) await rebuild([...new Set(cells.map((cell) => cell.image))], signal)
    const executor = options.executor === 'queue' ? await queued(options.database) : undefined
    const { runWithReports } = await import('../run-with-reports.ts')
    for (const line of selected.decisions) note(line)
    // Where a run may be cut short, the order of the plan is the best buy; else it is over sooner when the shortest cells begin last.
    const mayBeCut =
      selected.coverage !== undefined || options['budget-usd'] !== undefined || spend.budget !== undefined
    const expectedSeconds = (cell: Cell) => {
      const { seconds, measured } = selected.estimator.expectedSeconds(cell)
      return measured ? seconds : undefined
    }
    return await runWithReports({
      cells,
      notSelected,
      spend,
      lastKnown,
      ...(mayBeCut ? {} : { expectedSeconds }),
      ...(shard ? { shard } : {}),
      ...(options.blob === undefined ? {} : { blob: options.blob }),
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

export default command

/** Goes on with a run as it was begun. */
async function resume(
  reference: string,
  given: OptionValues<typeof RUN_OPTIONS>,
  signal: AbortSignal,
): Promise<number> {
  const { resumable } = await import('../resumable.ts')
  const found = await resumable(command as Command, reference, given)
  if ('ended' in found) {
    note(`the run has ended; there is nothing to go on with: ${found.runDir}`)
    return found.ended
  }
  const { record, reportsDir } = found
  const options = found.options as OptionValues<typeof RUN_OPTIONS>
  const executor = options.executor === 'queue' ? await queued(options.database) : undefined
  const { runWithReports } = await import('../run-with-reports.ts')
  return await runWithReports({
    ...record,
    resume: true,
    ...(options.blob === undefined ? {} : { blob: options.blob }),
    reportsDir,
    signal,
    concurrency: readConcurrency(options.concurrency, record.concurrency),
    ...(executor ? { executor } : {}),
    keep: options.keep ?? 'never',
  })
}

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
