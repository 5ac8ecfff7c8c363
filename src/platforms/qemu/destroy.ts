import { rm } from 'node:fs/promises'
import { killQemu } from './process.ts'
import type { Place } from './power.ts'
import { readRecord } from './record.ts'

/** Ends a machine at once and removes its folder. One that is gone is fine. */
export async function destroyMachine({ dir, name }: Pick<Place, 'dir' | 'name'>): Promise<void> {
  const record = await readRecord(dir, name).catch(() => undefined)
  await killQemu(dir, record)
  // A QEMU that was started this very moment may still write into a folder that goes.
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}
