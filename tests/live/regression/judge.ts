import { expect } from 'vitest'
import { expectationsFor } from '../../../src/distros/expectations.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { SkipCheck, statusOf } from '../../../src/runner/judge/check-outcome.ts'
import type { Expectations, Facts, RegressionCheck } from '../../../src/testing/index.ts'

export interface Judged {
  id: string
  status: ReturnType<typeof statusOf> | 'pass'
  message: string
}

export interface Surroundings {
  instance: Instance
  facts: Facts
  firstBoot?: Facts
  expected?: Expectations
}

/** Judges one check as the runner does, without its process and its reports. */
export async function judge(
  check: RegressionCheck,
  { instance, facts, firstBoot, expected }: Surroundings,
): Promise<Judged> {
  const platform = instance.platform
  const missing = (check.info.applies?.capabilities ?? []).filter(
    (capability) => !instance.capabilities.has(capability),
  )
  if (missing.length > 0) return { id: check.id, status: 'skip', message: missing.join(', ') }
  const release = facts.os.versionId ?? facts.os.codename
  const table = expectationsFor({ distribution: facts.os.id, ...(release === undefined ? {} : { release }), platform })
  try {
    await check.judge({
      instance,
      ...(instance.machine.imds ? { imds: instance.machine.imds } : {}),
      facts,
      ...(firstBoot ? { firstBoot } : {}),
      expect,
      expected: { ...table, ...expected },
      cell: CELL,
      environment: {},
      skip: (reason) => {
        throw new SkipCheck(reason)
      },
      measure: () => undefined,
      attach: () => undefined,
      signal: AbortSignal.timeout(240_000),
    })
    return { id: check.id, status: 'pass', message: '' }
  } catch (error) {
    return { id: check.id, status: statusOf(error), message: error instanceof Error ? error.message : String(error) }
  }
}

/** Why each check that did not pass did not. */
export function reasons(judged: readonly Judged[]): string {
  return judged
    .filter(({ status }) => status !== 'pass' && status !== 'skip')
    .map(({ id, status, message }) => `${id} ${status}: ${message}`)
    .join('\n')
}

/** Ids of what failed, sorted. Checks that broke or were not judged are named with their status, so that they are not lost. */
export function failures(judged: readonly Judged[]): string[] {
  return judged
    .filter(({ status }) => status !== 'pass' && status !== 'skip' && status !== 'done')
    .map(({ id, status, message }) => (status === 'fail' ? id : `${id} ${status}: ${message}`))
    .sort()
}

const CELL = {
  id: 'lxd/test/default/container',
  platform: 'lxd',
  image: 'test',
  distribution: 'debian',
  release: 'unknown',
  instanceType: 'default',
  boot: 'container',
  agent: { name: 'cloud-init', source: 'none' },
  suites: ['regression'],
  axes: { disk: 'extra-1GiB', nic: 'extra-1' },
}
