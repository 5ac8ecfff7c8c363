import { existsSync } from 'node:fs'
import { diskOf, listCached } from '../../../src/images/index.ts'
import { whyNoQemu } from './tiny-guests.ts'

const NAME = process.env.HARNESS_TEST_IMAGE ?? 'debian-13'

/** A disk with a whole system for tests, or why there is none. `HARNESS_TEST_DISK` chooses a file. */
export async function testDisk(): Promise<{ path?: string; missing?: string }> {
  const missing = await whyNoQemu()
  if (missing !== undefined) return { missing }
  const chosen = process.env.HARNESS_TEST_DISK
  if (chosen !== undefined && existsSync(chosen)) return { path: chosen }
  const [built] = await listCached(`${NAME}.disk`)
  if (!built) return { missing: `no disk of ${NAME}: harness image build ${NAME} --format qcow2` }
  return { path: (await diskOf(built)).path }
}
