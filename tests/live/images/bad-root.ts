import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runHost } from '../../../src/core/subprocess.ts'
import { makeTempDir } from '../../../src/core/temp-dir.ts'
import type { ImageManifest, Overlay } from '../../../src/images/index.ts'
import { stageFiles } from '../../../src/images/staging.ts'

/**
 * An overlay on an opened image without packing it: what `buildOverlay` makes, as a directory, in a moment. Needs root.
 * `upper` holds what differs, as overlayfs keeps it.
 */
export async function openWithOverlay(
  root: string,
  manifest: ImageManifest,
  overlay: Overlay,
): Promise<AsyncDisposable & { root: string; upper: string }> {
  // by its name a sweep finds what a killed test left mounted
  const work = await makeTempDir('bad')
  const [upper, scratch, merged] = [join(work, 'upper'), join(work, 'scratch'), join(work, 'merged')]
  for (const directory of [upper, scratch, merged]) await mkdir(directory)
  const tar = join(work, 'files.tar')
  await stageFiles({ ...manifest, files: overlay.files ?? [], scripts: [] }, manifest.epoch, work, tar)
  await runHost(
    ['mount', '-t', 'overlay', '-o', `lowerdir=${root},upperdir=${upper},workdir=${scratch}`, 'harness-bad', merged],
    { deadlineMs: 20_000 },
  )
  const steps = ['set -eu', 'tar -C "$tree" -xf "$1"', ...(overlay.edits ?? [])].join('\n')
  const close = async () => {
    await runHost(['umount', merged], { deadlineMs: 20_000 })
    await rm(work, { recursive: true, force: true })
  }
  try {
    await runHost(['sh', '-c', steps, 'edit', tar], { env: { ...process.env, tree: merged }, deadlineMs: 60_000 })
  } catch (error) {
    await close()
    throw error
  }
  return { root: merged, upper, [Symbol.asyncDispose]: close }
}
