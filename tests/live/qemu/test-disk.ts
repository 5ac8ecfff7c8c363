import { existsSync } from 'node:fs'
import { whyNoQemu } from './tiny-guests.ts'

/** A disk with a whole system for tests, or why there is none. `HARNESS_TEST_DISK` chooses another. */
export async function testDisk(): Promise<{ path?: string; missing?: string }> {
  const missing = await whyNoQemu()
  if (missing !== undefined) return { missing }
  const chosen = process.env.HARNESS_TEST_DISK
  if (chosen !== undefined && existsSync(chosen)) return { path: chosen }
  return { missing: 'no disk image: HARNESS_TEST_DISK=FILE' }
}
