import { readFile } from 'node:fs/promises'
import { arch, cpus, hostname, platform, release, totalmem } from 'node:os'
import { ConfigError } from '../core/errors.ts'
import { holdName } from '../core/process-lock.ts'
import { redact } from '../core/redact.ts'
import { planDigest } from '../matrix/shard.ts'
import type { ShardOf } from '../results/event.ts'
import { summaryOf } from './cell/cell-stage.ts'
import type { NewEvent } from './event-log.ts'
import type { RunOptions } from './run.ts'
import type { RunRecord } from './run-record.ts'

/** Keeps every other process of this host from working on the run. @throws ConfigError when one does */
export async function holdRun(runId: string): Promise<AsyncDisposable> {
  const held = await holdName(`run ${runId}`)
  if (held) return held
  throw new ConfigError(`the run ${runId} still goes on`, { hint: 'wait until it has ended, or end its process' })
}

/** What a later process has to know to go on with the run. */
export function recordOf(options: RunOptions, runId: string, runDir: string): Omit<RunRecord, 'version'> {
  return {
    runId,
    runDir,
    argv: argvOf(options),
    cwd: process.cwd(),
    concurrency: options.concurrency,
    cells: [...options.cells],
    excluded: [...(options.excluded ?? [])],
    waivers: [...(options.waivers ?? [])],
    ...(options.flaky === undefined ? {} : { flaky: options.flaky }),
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    ...(options.spend === undefined ? {} : { spend: options.spend }),
    ...(options.builtInChecks === undefined ? {} : { builtInChecks: [...options.builtInChecks] }),
  }
}

/** The event a run begins with, or goes on with. */
export async function firstEvent(options: RunOptions, runId: string, fresh: boolean): Promise<NewEvent> {
  const host = describeHost()
  const harness = await harnessVersion()
  if (!fresh) return { type: 'run-resumed', harness, host }
  return {
    type: 'run-started',
    version: 1,
    runId,
    harness,
    argv: argvOf(options).map(redact),
    host,
    cells: options.cells.map(summaryOf),
    excluded: [...(options.excluded ?? [])],
    ...(options.notSelected?.length ? { notSelected: [...options.notSelected] } : {}),
    ...planOf(options),
    ...(options.flaky === undefined ? {} : { gate: { flaky: options.flaky } }),
  }
}

function planOf({ cells, shard, flaky }: RunOptions): { plan: string; shard?: ShardOf } {
  const all = shard?.of ?? cells
  const plan = planDigest(all, { flaky, shards: shard?.count ?? 1, times: shard?.times })
  return shard ? { plan, shard: { index: shard.index, count: shard.count, cells: all.map(summaryOf) } } : { plan }
}

function argvOf(options: RunOptions): string[] {
  return [...(options.argv ?? process.argv.slice(1))]
}

function describeHost(): Record<string, string> {
  return {
    name: hostname(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    cpus: String(cpus().length),
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
  }
}

/** The version of this package. */
export async function harnessVersion(): Promise<string> {
  for (const path of ['../../package.json', '../../../package.json']) {
    const text = await readFile(new URL(path, import.meta.url), 'utf8').catch(() => undefined)
    if (text !== undefined) return String((JSON.parse(text) as { version?: unknown }).version)
  }
  return 'unknown'
}
