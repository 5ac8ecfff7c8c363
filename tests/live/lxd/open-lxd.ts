import { randomBytes } from 'node:crypto'
import type { Machine } from '../../../src/instance/machine.ts'
import lxd from '../../../src/platforms/lxd/platform.ts'
import type { LaunchRequest, Owner, PlatformSession } from '../../../src/platforms/platform.ts'

/** Image of the live tests; `HARNESS_TEST_IMAGE` chooses another. */
export const image = process.env.HARNESS_TEST_IMAGE ?? 'debian-13'

/** Why nothing of LXD can be tested here, with the command that lifts it. */
export async function whyNoLxd(): Promise<string | undefined> {
  const missing = (await lxd.doctor({})).find((prerequisite) => !prerequisite.ok)
  return missing && `${missing.detail}: ${missing.fix ?? './harness doctor'}`
}

export interface Bench {
  session: PlatformSession
  owner: Owner
  launch(more?: Partial<LaunchRequest>): Promise<Machine>
}

/** A session with a run id of its own. */
export async function openBench(): Promise<Bench> {
  const session = await lxd.open({})
  const owner: Owner = {
    runId: `test-${randomBytes(4).toString('hex')}`,
    cell: 'live',
    attempt: 1,
    expires: new Date(Date.now() + 3_600_000).toISOString(),
  }
  let count = 0
  return {
    session,
    owner,
    launch: (more = {}) =>
      session.launch({ image, name: `${owner.runId}-${(count += 1)}`, owner, deadlineMs: 120_000, ...more }),
  }
}

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
