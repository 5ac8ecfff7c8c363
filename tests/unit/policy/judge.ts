import { readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { expectationsFor } from '../../../src/distros/expectations.ts'
import type { Facts } from '../../../src/instance/facts/facts.ts'
import { isKnown } from '../../../src/instance/facts/unknown-fact.ts'
import { whyNot } from '../../../src/runner/plan/applies.ts'
import { SkipCheck, statusOf } from '../../../src/runner/judge/check-outcome.ts'
import type { CellSummary } from '../../../src/results/event.ts'
import type { Status } from '../../../src/results/status.ts'
import type { Phase } from '../../../src/results/check-record.ts'
import type { PolicyCheck } from '../../../src/testing/check.ts'
import { declaredChecks } from '../../../src/testing/registry.ts'

const FOLDER = new URL('../../policy/', import.meta.url)

/** Every policy check of this repository. */
export async function loadPolicies(): Promise<PolicyCheck[]> {
  for (const name of readdirSync(FOLDER)) if (name.endsWith('.ts')) await import(new URL(name, FOLDER).href)
  return [...declaredChecks().values()].filter((check) => check.suite === 'policy')
}

export interface Verdict {
  status: Status
  message: string
}

export interface Place {
  platform?: string
  boot?: string
  distribution?: string
  release?: string
  variant?: string
}

/** Judges one check on facts as a run does. */
export async function judge(
  check: PolicyCheck,
  facts: Facts,
  phase: Phase,
  other?: Facts,
  place: Place = {},
): Promise<Verdict> {
  const {
    platform = 'lxd',
    boot = 'container',
    release = isKnown(facts, 'os') ? (facts.os.versionId ?? '') : '',
    variant,
  } = place
  const distribution = place.distribution ?? (isKnown(facts, 'os') ? facts.os.id : 'debian')
  const cell: CellSummary = {
    id: `${platform}/x/default/${boot}`,
    platform,
    image: 'x',
    distribution,
    release,
    instanceType: 'default',
    boot,
    agent: { name: 'cloud-init', source: 'none' },
    suites: ['policy'],
  }
  const capabilities = new Set(boot === 'container' ? [] : (['own-kernel'] as const))
  const reason = whyNot(check.info.applies, { cell, capabilities, facts })
  if (reason !== undefined) return { status: 'skip', message: reason }
  try {
    await check.judge({
      facts,
      other,
      phase,
      expect,
      expected: expectationsFor({
        distribution,
        release,
        platform,
        ...(variant === undefined ? {} : { variant }),
        container: isKnown(facts, 'system') && facts.system.container,
      }),
      cell,
      skip: (why) => {
        throw new SkipCheck(why)
      },
    })
    return { status: 'pass', message: '' }
  } catch (error) {
    const message = error instanceof SkipCheck ? error.reason : error instanceof Error ? error.message : String(error)
    return { status: statusOf(error), message }
  }
}

/** The phases of a check as a list. */
export function phasesOf(check: PolicyCheck): readonly Phase[] {
  return typeof check.info.phase === 'string' ? [check.info.phase] : check.info.phase
}
