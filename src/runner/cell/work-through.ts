import { debianArchitecture } from '../../core/architecture.ts'
import { ConfigError } from '../../core/errors.ts'
import { cleanText } from '../../core/text.ts'
import type { Instance } from '../../instance/instance.ts'
import type { PlatformImage } from '../../platforms/platform.ts'
import type { FoundImage } from '../../results/found-image.ts'
import type { CellMachines } from './cell-machines.ts'
import type { CellStage } from './cell-stage.ts'
import { collect, type KeptLog } from './collect.ts'
import { CellJudge } from './judge-cell.ts'
import { preparePair, prepareSubject, type Prepared } from './prepare.ts'
import { gatherRest } from './rest-facts.ts'
import { mayRetry } from './retry.ts'

/** The stages of an attempt in which machines are used. Returns the logs that were kept. Failed stages are remembered in `stage`. */
export async function workThrough(
  stage: CellStage,
  machines: CellMachines,
  prepared: Prepared,
  tmpDir: string,
): Promise<KeptLog[]> {
  for (const record of stage.plan.skipped) stage.record(record)
  // Loading the checks takes as long as a boot; nobody has to wait for it when it begins first.
  const judge = stage.plan.checks.length > 0 ? new CellJudge(stage, machines, prepared, tmpDir) : undefined
  try {
    const image = await findImage(stage, machines)
    await prepare(stage, machines, image, prepared)
    if (stage.run.signal.aborted || mayRetry(stage)) {
      stage.recordUnjudged()
      return []
    }
    if (stage.plan.needs.live) {
      if (judge) await stage.step('checks', () => judge.judge())
      return await collectFrom(stage, prepared.subject)
    }
    // Facts are judged without the machine, so its logs can be kept meanwhile.
    const [logs] = await Promise.all([
      collectFrom(stage, prepared.subject),
      judge && stage.step('checks', () => judge.judge()),
    ])
    return logs
  } finally {
    judge?.close()
  }
}

async function findImage(stage: CellStage, machines: CellMachines): Promise<PlatformImage> {
  const { cell } = stage.plan
  const { run, signal } = stage
  const owner = machines.owner()
  const onProgress = (line: string) =>
    stage.emit({ type: 'step-progress', step: 'image', line: cleanText(line).slice(0, 200) })
  const reference = cell.imageReference ?? cell.image
  const key = JSON.stringify([cell.platform, cell.platformOptions, reference, cell.architecture])
  return await stage.step('image', async () => {
    const image = await run.images.get(key, () =>
      stage.paced(() =>
        machines.session.resolveImage(reference, {
          owner,
          signal,
          onProgress,
          ...(cell.architecture === undefined ? {} : { architecture: cell.architecture }),
        }),
      ),
    )
    refuseOtherArchitecture(image, cell.architecture)
    stage.emit({ type: 'image-found', image: foundImage(image) })
    return image
  })
}

/** What events keep of it. */
function foundImage({ digest, ...image }: PlatformImage): FoundImage {
  return { ...image, description: cleanText(image.description), ...(digest === undefined ? {} : { digest }) }
}

/** A cell is a promise about an architecture; an image of another one must not pass for it. */
function refuseOtherArchitecture(image: PlatformImage, wanted: string | undefined): void {
  if (wanted === undefined || debianArchitecture(image.architecture) === debianArchitecture(wanted)) return
  throw new ConfigError(`the image ${image.id.slice(0, 20)} is for ${image.architecture}, the cell is for ${wanted}`, {
    hint: `name an image for it: defaults: [{for: {architecture: ${wanted}}, from: IMAGE}]`,
  })
}

async function prepare(
  stage: CellStage,
  machines: CellMachines,
  image: PlatformImage,
  prepared: Prepared,
): Promise<void> {
  const { needs, checks } = stage.plan
  const parts = [
    part(
      stage,
      'subject',
      () => prepareSubject(stage, machines, image.id, prepared),
      () => prepared.subject,
    ),
  ]
  if (needs.rest) parts.push(part(stage, 'rest-facts', () => gatherRest(stage, machines.session, image, prepared)))
  if (needs.pair) {
    const pair = async () => {
      await preparePair(stage, machines, image.id, prepared)
      if (prepared.pair && !checks.some((planned) => planned.lane === 'baseline'))
        stage.ending.add(machines.destroy(prepared.pair))
    }
    parts.push(part(stage, 'pair', pair, () => prepared.pair))
  }
  await Promise.all(parts)
}

/** A part that fails takes only the checks with it that need it. */
async function part(
  stage: CellStage,
  name: string,
  work: () => Promise<void>,
  instance?: () => Instance | undefined,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const failure = await stage.fail(error, instance?.())
    stage.missing.set(name, failure.error.message)
  }
}

async function collectFrom(stage: CellStage, subject: Instance | undefined): Promise<KeptLog[]> {
  if (!subject) return []
  if (stage.run.signal.aborted) {
    stage.skipStep('collect', 'cancelled')
    return []
  }
  try {
    return await collect(stage, subject)
  } catch (error) {
    await stage.fail(error, subject)
    return []
  }
}
