import { existsSync } from 'node:fs'
import { whyNoQemu } from './tiny-guests.ts'

const NAME = process.env.HARNESS_TEST_IMAGE ?? 'debian-13'

/**
 * A disk with a whole system for tests, or why there is none. `HARNESS_TEST_DISK` names its file: tests that boot it several times
 * take very long under emulation, so nobody gets them without asking.
 */
export async function testDisk(): Promise<{ path?: string; missing?: string }> {
  const missing = await whyNoQemu()
  if (missing !== undefined) return { missing }
  const chosen = process.env.HARNESS_TEST_DISK
  if (chosen !== undefined && existsSync(chosen)) return { path: chosen }
  const how = `harness image build ${NAME} --format qcow2, then HARNESS_TEST_DISK=FILE npm test`
  return { missing: `several boots of a whole system, for ten minutes or more under emulation: ${how}` }
}
