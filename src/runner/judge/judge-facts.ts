import { readFile, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { makeTempDir } from '../../core/temp-dir.ts'
import type { Facts } from '../../instance/facts/facts.ts'
import { readFacts } from '../../instance/facts/read-facts.ts'
import { isKnown } from '../../instance/facts/unknown-fact.ts'
import type { CheckRecord, Phase } from '../../results/check-record.ts'
import type { CellSummary } from '../../results/event.ts'
import { newSshIdentity } from '../../instance/ssh-keys.ts'
import type { Check } from '../../testing/check.ts'
import { CellProcess } from './cell-process.ts'
import { classifyPlainly } from '../cell/classify.ts'
import { type CheckFiles, findCheckFiles, loadCheckFiles } from '../checks/load-checks.ts'
import { plannedCheck, type PlannedCheck, recordOf, type Subject } from '../plan/planned-check.ts'

export interface JudgeFactsOptions {
  /** What is known of the place beyond the facts, for example the platform. */
  cell?: Partial<CellSummary>
  /** Further files or folders with checks. */
  checks?: readonly string[]
  /** Ids of the checks to judge by. Default: all that fit the phase of the facts. */
  only?: readonly string[]
  signal?: AbortSignal
}

/**
 * Judges facts files by the policy checks of their phase, in a process of its own, without launching anything.
 * Two files of a first boot are also judged as a pair. Checks that do not apply are skipped with the reason.
 * @throws ConfigError when a file is not a facts file, or checks cannot be loaded
 */
export async function judgeFacts(
  factsFiles: readonly string[],
  options: JudgeFactsOptions = {},
): Promise<CheckRecord[]> {
  const sources = await Promise.all(factsFiles.map(readSource))
  const files = await findCheckFiles(options.checks)
  const checks = [...(await loadCheckFiles(files)).values()].sort((a, b) => a.id.localeCompare(b.id))
  const firstBoots = sources.filter(({ phase }) => phase === 'first-boot')
  const records: CheckRecord[] = []
  for (const group of grouped(sources)) {
    const half = group.find((source) => source === firstBoots[0])
    const other = half ? firstBoots[1] : undefined
    const planned = group.flatMap((source) =>
      planFacts(source, source === half && other !== undefined, checks, options),
    )
    if (planned.length > 0) records.push(...(await judgeGroup(group, other, files, planned, options)))
  }
  return records
}

/** Files that one process can tell apart: no two of the same phase and subject. */
function grouped(sources: readonly Source[]): Source[][] {
  const groups: Source[][] = []
  for (const source of sources) {
    const fits = (group: Source[]) =>
      !group.some(({ phase, subject }) => phase === source.phase && subject === source.subject)
    const group = groups.find(fits)
    if (group) group.push(source)
    else groups.push([source])
  }
  return groups
}

interface Source {
  path: string
  facts: Facts
  phase: Phase
  subject: Subject
}

async function readSource(file: string): Promise<Source> {
  const path = resolve(file)
  const facts = readFacts(await readFile(path, 'utf8'), file)
  return { path, facts, phase: facts.phase, subject: basename(path).startsWith('upgraded-') ? 'upgraded' : 'image' }
}

async function judgeGroup(
  group: readonly Source[],
  other: Source | undefined,
  files: CheckFiles,
  planned: PlannedCheck[],
  options: JudgeFactsOptions,
): Promise<CheckRecord[]> {
  const tmpDir = await makeTempDir('facts')
  const records = new Map<string, CheckRecord>()
  const child = new CellProcess({
    spec: {
      cell: summaryOf(group[0]?.facts, options.cell),
      files,
      planned,
      // Facts were gathered already: what the platform could do is no reason to leave a check out.
      capabilities: ['own-kernel', 'console', 'at-rest', 'ipv6', 'user-data', 'vendor-data', 'network-config'],
      attachments: join(tmpDir, 'attachments'),
      live: false,
    },
    tmpDir,
    log: join(tmpDir, 'runner.log'),
    onStarted: () => {},
    onEnded: (check, outcome) => void records.set(check.key, { ...recordOf(check, outcome.status), ...outcome }),
    onNeedInstance: () => Promise.reject(new Error('facts have no instance')),
    classify: classifyPlainly,
  })
  try {
    const end = await child.judge(
      {
        facts: group.map(({ subject, phase, path }) => ({ subject, phases: [phase], path })),
        ...(other ? { pairFacts: other.path } : {}),
        machines: [],
        own: false,
        platform: 'none',
        platformOptions: {},
        identity: newSshIdentity('none'),
      },
      options.signal ?? new AbortController().signal,
    )
    const reason = end.broken ?? end.unhandled[0]?.message ?? 'it was not reported'
    return planned.map((check) => records.get(check.key) ?? recordOf(check, 'error', reason))
  } finally {
    child.close()
    await rm(tmpDir, { recursive: true, force: true })
  }
}

function planFacts(
  source: Source,
  pair: boolean,
  checks: readonly Check[],
  options: JudgeFactsOptions,
): PlannedCheck[] {
  const phases: Phase[] = pair ? [source.phase, 'pair'] : [source.phase]
  return checks.flatMap((check) => {
    if (check.suite !== 'policy' || (options.only && !options.only.includes(check.id))) return []
    const own = new Set([check.info.phase].flat())
    return phases
      .filter((phase) => own.has(phase))
      .map((phase) => plannedCheck(check, { phase, subject: source.subject, lane: 'policy', timeoutMs: 10_000 }))
  })
}

function summaryOf(facts: Facts | undefined, given: Partial<CellSummary> = {}): CellSummary {
  const os = facts && isKnown(facts, 'os') ? facts.os : undefined
  const container = facts && isKnown(facts, 'system') && facts.system.container
  return {
    id: 'facts',
    platform: 'unknown',
    image: 'unknown',
    distribution: os?.id ?? 'unknown',
    release: os?.versionId ?? os?.codename ?? 'unknown',
    instanceType: 'unknown',
    boot: container ? 'container' : 'unknown',
    agent: { name: 'cloud-init', source: 'none' },
    suites: ['policy'],
    ...given,
  }
}
