import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, inject, test, type TestContext } from 'vitest'
import { redact, registerSecret } from '../../core/redact.ts'
import { capText } from '../../core/text.ts'
import type { Measurement } from '../../results/check-record.ts'
import type { Check } from '../../testing/check.ts'
import { declaredChecks } from '../../testing/registry.ts'
import { failureOf, failureOfThrown, type RunnerError, SkipCheck, statusOf } from './check-outcome.ts'
import { judgePolicy, judgeRegression, Judges } from './judge.ts'
import type { PlannedCheck } from '../plan/planned-check.ts'
import type { CheckOutcome, ChildSpec, ProgressLine } from './protocol.ts'
import { declareScript } from '../checks/script-check.ts'
import { WorkerLink } from './worker-link.ts'

declare module 'vitest' {
  interface ProvidedContext {
    harness: ChildSpec
  }
}

const spec = inject('harness')
for (const secret of spec.secrets ?? []) registerSecret(secret)
const link = await WorkerLink.open(spec.socket)
const missing = await importChecks()
const judges = await Judges.prepare(spec, link, missing, (lane) =>
  progress({ at: new Date().toISOString(), key: lane, type: 'booted' }),
)
const lanes = Map.groupBy(spec.planned, (planned) => planned.lane)

// A file without a test would be an error of the runner, also where there is nothing left to judge.
test('checks are loaded', () => {})
for (const [lane, all] of lanes) {
  const checks = all.filter((planned) => judges.canJudge(planned))
  describe(lane, { concurrent: lane !== 'policy', skip: checks.length === 0 }, () => {
    for (const planned of checks) define(planned)
  })
}

async function importChecks(): Promise<{ file: string; message: string }[]> {
  const broken: { file: string; message: string }[] = []
  for (const file of [...spec.files.modules, ...spec.files.scripts]) {
    try {
      if (spec.files.scripts.includes(file)) await declareScript(file)
      else await import(/* @vite-ignore */ file)
    } catch (error) {
      broken.push({ file, message: (error as Error).message })
    }
  }
  return broken
}

function define(planned: PlannedCheck): void {
  test(planned.key, { timeout: planned.timeoutMs, concurrent: false }, async (context) => {
    await run(planned, declaredChecks().get(planned.id), context)
  })
}

async function run(planned: PlannedCheck, check: Check | undefined, context: TestContext): Promise<void> {
  const started = performance.now()
  const kept: Kept = { ended: false, measurements: [], attachments: [] }
  progress({ at: new Date().toISOString(), key: planned.key, type: 'started' })
  context.onTestFinished(({ task }) => {
    const outcome = outcomeOf(kept, task.result?.errors ?? [], performance.now() - started)
    progress({ at: new Date().toISOString(), key: planned.key, type: 'ended', outcome })
  })
  const tools = {
    expect: context.expect,
    signal: context.signal,
    skip: (reason: string): never => {
      throw new SkipCheck(reason)
    },
    measure: (measurement: Measurement) => void kept.measurements.push(measurement),
    attach: (name: string, text: string) => void kept.attachments.push(attach(planned, name, text)),
  }
  try {
    if (!check) throw new Error(judges.whyUndeclared(planned.id))
    if (check.suite === 'policy') await judgePolicy(judges, planned, check, tools)
    else await judgeRegression(judges, planned, check, tools)
    kept.ended = true
  } catch (error) {
    kept.ended = true
    kept.thrown = error
    if (!(error instanceof SkipCheck)) throw error
  }
}

/** What is known of a check while it runs. */
interface Kept {
  /** Its body came to an end; a check that is cancelled never does. */
  ended: boolean
  thrown?: unknown
  measurements: Measurement[]
  attachments: string[]
}

function outcomeOf(kept: Kept, errors: readonly RunnerError[], durationMs: number): CheckOutcome {
  const base = {
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...(kept.measurements.length > 0 ? { measurements: kept.measurements } : {}),
    ...(kept.attachments.length > 0 ? { attachments: kept.attachments } : {}),
  }
  if (!kept.ended && errors.length === 0) return { ...base, status: 'miss', reason: 'cancelled', errors: [] }
  if (kept.thrown === undefined && errors.length === 0) return { ...base, status: 'pass', errors: [] }
  if (kept.thrown === undefined) {
    // Soft expectations, or the time limit of the runner: the body itself never threw.
    const soft = errors.every((error) => error.name === 'AssertionError')
    return {
      ...base,
      status: soft ? 'fail' : 'error',
      errors: errors.map(failureOf),
      ...(soft ? {} : { reason: firstLine(errors[0]?.message) }),
    }
  }
  const status = statusOf(kept.thrown)
  const { thrown } = kept
  if (thrown instanceof SkipCheck) return { ...base, status, reason: capText(redact(thrown.reason), 1000), errors: [] }
  const failures =
    thrown instanceof Error && thrown.name === 'AssertionError' ? errors.map(failureOf) : [failureOfThrown(kept.thrown)]
  const reason = status === 'fail' ? undefined : firstLine(failures[0]?.message)
  return { ...base, status, errors: status === 'skip' ? [] : failures, ...(reason === undefined ? {} : { reason }) }
}

function firstLine(text: string | undefined): string {
  return capText((text ?? 'no reason given').split('\n')[0] ?? '', 500)
}

function progress(line: ProgressLine): void {
  appendFileSync(spec.progress, `${JSON.stringify(line)}\n`)
}

function attach(planned: PlannedCheck, name: string, text: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'attachment.txt'
  const folder = join(spec.attachments, planned.baseline ? `${planned.id}-baseline` : planned.id)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, safe)
  writeFileSync(path, redact(capText(text, 4 * 1024 * 1024)))
  return path
}
