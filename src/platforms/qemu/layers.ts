import { randomBytes } from 'node:crypto'
import { link } from 'node:fs/promises'
import { join } from 'node:path'
import type { Waiting } from './client.ts'
import { hostError } from './errors.ts'
import { createDisk } from './qemu-img.ts'

/**
 * The root disk of a machine is a row of qcow2 files in its folder, each with the changes over the one before. Names are never used
 * twice, and a layer names the one below without a folder: hard links in another folder are the same row, and outlive this one.
 */
export function newLayerName(): string {
  return `layer-${randomBytes(8).toString('hex')}.qcow2`
}

/** Makes an empty layer over a file of the same folder, or over an image. Gives its name. @throws PlatformError */
export async function addLayer(
  dir: string,
  base: { path: string; format: string },
  size: number,
  waiting: Waiting,
): Promise<string> {
  const name = newLayerName()
  await createDisk(join(dir, name), { size, base }, waiting)
  return name
}

/** Puts files of one folder into another without copying them. @throws PlatformError capacity */
export async function linkFiles(names: readonly string[], from: string, to: string): Promise<void> {
  try {
    await Promise.all(names.map((name) => link(join(from, name), join(to, name))))
  } catch (error) {
    throw hostError(`linking the layers of ${from} into ${to}`, error)
  }
}
