import type { Matrix } from '../../matrix/schema.ts'
import type { SweepItem } from '../../runner/sweep/sweep.ts'
import { defineCommand } from '../command.ts'
import { askConsent } from '../consent.ts'
import { note, print, printJson, table } from '../output.ts'

export default defineCommand({
  name: 'sweep',
  text: 'Removes what interrupted runs left behind: machines, snapshots, disks, images, temporary folders, mounts. Only things with the marks of the harness are touched, and nothing of a run that still goes on. Exit code 4 when something stays, or may: a platform that was named and cannot be asked; a place where a run made something and that does not answer is asked again by every sweep, until it is forgotten.',
  options: {
    'dry-run': { type: 'boolean', text: 'only tell what would be removed' },
    run: { type: 'string', value: 'RUN', text: 'only what this run made' },
    all: { type: 'boolean', text: 'also what other hosts made and what has not expired; asks' },
    images: { type: 'boolean', text: 'also images that are kept for later runs; asks' },
    platform: { type: 'string', multiple: true, value: 'NAME', text: 'look here too; default lxd and qemu' },
    matrix: {
      type: 'string',
      value: 'FILE',
      text: 'sign in with the options of this matrix: credentials are not kept after a run. Its platforms are looked at too, without --platform',
    },
    forget: {
      type: 'string',
      value: 'RUN|ENDPOINT',
      text: 'remove nothing, and never again look for what this run, or all runs at this endpoint, may have left; tells what that is, and asks',
    },
    yes: { type: 'boolean', short: 'y', text: 'agree without being asked' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness sweep --dry-run',
    'harness sweep --matrix matrix.yaml',
    'harness sweep --forget http://127.0.0.1:4566',
  ],
  async run({ options, signal }) {
    if (options.forget !== undefined)
      return await forgetPlaces(options.forget, {
        yes: options.yes ?? false,
        dryRun: options['dry-run'] ?? false,
        signal,
      })
    const { planSweep, sweep } = await import('../../runner/sweep/sweep.ts')
    const wanted = {
      ...(options.run === undefined ? {} : { runId: options.run }),
      ...(options.all ? { all: true } : {}),
      ...(options.images ? { images: true } : {}),
      platforms: await placesOf(options.platform, options.matrix),
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
      const none =
        result.unreachable.length === 0 ? 'nothing was left behind' : 'nothing was found where it could be looked'
      await print(result.items.length === 0 ? none : itemTable(result.items))
      for (const runId of result.live) note(`run ${runId} still goes on; it was left alone`)
      const mute = Map.groupBy(
        result.unreachable,
        ({ platform, error }) => `${platform} cannot be asked: ${error.message}`,
      )
      for (const [why, places] of mute) note(`${why}${advice(places.flatMap(({ runs }) => runs))}`)
    }
    return options['dry-run'] ? 0 : result.exitCode
  },
})

const NAMED_RUNS = 3

/** Credentials are not in ledgers, and some places are gone for good. */
function advice(runs: readonly string[]): string {
  if (runs.length === 0) return ''
  const ways = runs.slice(0, NAMED_RUNS).map((run) => `harness sweep --forget ${run}`)
  const others =
    runs.length > ways.length ? `, and so for ${runs.length - ways.length} other runs that --json names` : ''
  return `\n  sign in and sweep again, with --matrix when a matrix signs in; if the place is gone: ${ways.join(', ')}${others}`
}

/** Where to look, with the options that a matrix has for it. */
async function placesOf(names: readonly string[] | undefined, matrix: string | undefined) {
  const { platforms = {} } = matrix === undefined ? {} : await platformsOf(matrix)
  const asked = names ?? Object.keys(platforms)
  const { loadPlatform } = await import('../../platforms/open-platform.ts')
  for (const name of asked) await loadPlatform(name)
  const byDefault = names === undefined ? ['lxd', 'qemu'].filter((name) => !asked.includes(name)) : []
  return [
    ...asked.map((name) => ({ name, options: platforms[name]?.options ?? {}, asked: true })),
    ...byDefault.map((name) => ({ name, options: {} })),
  ]
}

async function platformsOf(file: string): Promise<Matrix> {
  const [{ loadMatrix }, { refusePlatforms }] = await Promise.all([
    import('../../matrix/load-matrix.ts'),
    import('../refuse-platforms.ts'),
  ])
  const loaded = await loadMatrix(file)
  await refusePlatforms(loaded)
  return loaded.matrix
}

async function forgetPlaces(
  reference: string,
  { yes, dryRun, signal }: { yes: boolean; dryRun: boolean; signal: AbortSignal },
): Promise<number> {
  const { findForgettable, forget } = await import('../../platforms/forget-ledgers.ts')
  const found = await findForgettable(reference)
  const left = found.flatMap(({ runId, platform, open }) =>
    open.map(({ intent, id }) => [
      `${platform} ${intent.kind}`,
      id ?? intent.name,
      runId,
      `until ${intent.owner.expires}`,
    ]),
  )
  note(
    left.length === 0
      ? 'nothing is known to be left there'
      : `what may be left there, and be paid for:\n${table(left)}`,
  )
  if (dryRun) return 0
  if (!(await askConsent('Forget it?', { yes, signal }))) return 0
  await forget(found)
  await print(`forgotten: ${[...new Set(found.map(({ runId, platform }) => `${runId} on ${platform}`))].join(', ')}`)
  return 0
}

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
