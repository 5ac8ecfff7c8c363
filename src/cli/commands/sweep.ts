import type { SweepItem } from '../../runner/sweep.ts'
import { defineCommand } from '../command.ts'
import { askConsent } from '../consent.ts'
import { note, print, printJson, table } from '../output.ts'

export default defineCommand({
  name: 'sweep',
  text: 'Removes what interrupted runs left behind: machines, snapshots, disks, images, temporary folders, mounts. Only things with the marks of the harness are touched, and nothing of a run that still goes on. Exit code 4 when something stays.',
  options: {
    'dry-run': { type: 'boolean', text: 'only tell what would be removed' },
    run: { type: 'string', value: 'RUN', text: 'only what this run made' },
    all: { type: 'boolean', text: 'also what other hosts made and what has not expired; asks' },
    images: { type: 'boolean', text: 'also images that are kept for later runs; asks' },
    platform: { type: 'string', multiple: true, value: 'NAME', text: 'look here too; default lxd and qemu' },
    yes: { type: 'boolean', short: 'y', text: 'agree without being asked' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: ['harness sweep --dry-run', 'harness sweep'],
  async run({ options, signal }) {
    const { planSweep, sweep } = await import('../../runner/sweep.ts')
    const wanted = {
      ...(options.run === undefined ? {} : { runId: options.run }),
      ...(options.all ? { all: true } : {}),
      ...(options.images ? { images: true } : {}),
      platforms: (options.platform ?? ['lxd', 'qemu']).map((name) => ({ name, options: {} })),
      signal,
    }
    if ((options.all || options.images) && !options['dry-run']) {
      const { items } = await planSweep(wanted)
      if (items.length > 0) note(itemTable(items))
      if (items.length > 0 && !(await askConsent('Remove these?', { yes: options.yes ?? false, signal }))) return 0
    }
    const result = options['dry-run'] ? await planSweep(wanted) : await sweep(wanted)
    if (options.json) await printJson(result)
    else {
      await print(result.items.length === 0 ? 'nothing was left behind' : itemTable(result.items))
      for (const runId of result.live) note(`run ${runId} still goes on; it was left alone`)
      for (const { platform, error } of result.unreachable) note(`${platform} cannot be asked: ${error.message}`)
    }
    return options['dry-run'] ? 0 : result.exitCode
  },
})

function itemTable(items: readonly SweepItem[]): string {
  return table(
    items.map(({ outcome, platform, kind, id, runId, why, error }) => [
      outcome === 'planned' ? 'would remove' : outcome,
      `${platform} ${kind}`,
      id,
      runId || '-',
      error ? error.message : why,
    ]),
  )
}
