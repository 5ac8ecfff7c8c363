import { existsSync } from 'node:fs'
import { buildDisk } from '../../../src/images/index.ts'
import { whyNoQemu } from './tiny-guests.ts'

const NAME = process.env.HARNESS_TEST_IMAGE ?? 'debian-13'

/** A disk with a whole system, built when there is none, or why that cannot be. `HARNESS_TEST_DISK` names the file of another one. */
export async function testDisk(): Promise<{ path?: string; missing?: string }> {
  const missing = await whyNoQemu()
  if (missing !== undefined) return { missing }
  const chosen = process.env.HARNESS_TEST_DISK
  if (chosen !== undefined && existsSync(chosen)) return { path: chosen }
  try {
    return { path: (await buildDisk(NAME, { reuseIndices: true })).path }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { missing: `no disk of ${NAME} could be built: ${why}; see what is missing with ./harness doctor` }
  }
}
