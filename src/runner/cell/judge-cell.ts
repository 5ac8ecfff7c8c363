import { secretsIn } from '../../core/redact.ts'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Instance } from '../../instance/instance.ts'
import { classifyConsole, consoleTail } from '../../instance/console.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import type { CellMachines } from './cell-machines.ts'
import { CellProcess, type CellProcessEnd } from '../judge/cell-process.ts'
import type { CellStage } from './cell-stage.ts'
import { classifyPlainly } from './classify.ts'
import { collectOwn } from './collect.ts'
import { mergeUserData } from '../checks/multipart.ts'
import { factsUses } from '../plan/plan.ts'
import { type PlannedCheck, recordOf } from '../plan/planned-check.ts'
import type { Prepared } from './prepare.ts'
import type { CheckOutcome, ChildInputs } from '../judge/protocol.ts'

/** Judges one cell in a process of its own, which is started before there is anything to judge. */
export class CellJudge {
  readonly #stage: CellStage
  readonly #machines: CellMachines
  readonly #prepared: Prepared
  readonly #process: CellProcess
  readonly #open: Map<string, PlannedCheck>
  readonly #own = new Map<string, Instance>()
  readonly #failedLanes = new Set<string>()

  constructor(stage: CellStage, machines: CellMachines, prepared: Prepared, tmpDir: string) {
    this.#stage = stage
    this.#machines = machines
    this.#prepared = prepared
    this.#open = new Map(stage.plan.checks.map((planned) => [planned.key, planned]))
    const { cell, checks } = stage.plan
    this.#process = new CellProcess({
      spec: {
        cell: stage.summary,
        files: stage.run.checksOf(cell).files,
        planned: checks,
        capabilities: [...machines.session.manifest.capabilities],
        attachments: join(stage.dir, 'logs', 'checks'),
        live: stage.plan.needs.live,
        ...(cell.environment
          ? { environment: cell.environment, secrets: secretsIn(Object.values(cell.environment)) }
          : {}),
      },
      tmpDir,
      log: join(stage.dir, 'runner.log'),
      onStarted: (planned) => stage.emit({ type: 'check-started', id: planned.id, subject: planned.subject }),
      onEnded: (planned, outcome) => this.#end(planned, outcome),
      onBooted: () => stage.boots++,
      onNeedInstance: (group) => this.#launchOwn(group),
      classify: classifyPlainly,
    })
  }

  /** Waits for every record; what was planned and is not reported becomes one that says why. */
  async judge(): Promise<void> {
    await mkdir(join(this.#stage.dir, 'logs'), { recursive: true })
    const end = await this.#process.judge(this.#inputs(), this.#stage.signal)
    const panic = await this.#panic()
    for (const planned of this.#open.values()) this.#stage.record(this.#unreported(planned, end, panic))
    this.#open.clear()
    for (const error of end.unhandled) {
      this.#stage.failures.push({ status: 'error', error, retryable: false })
    }
  }

  /** Ends the process without judging. */
  close(): void {
    this.#process.close()
  }

  #inputs(): ChildInputs {
    const { stage, prepared } = { stage: this.#stage, prepared: this.#prepared }
    const paths = {
      rest: prepared.restFacts,
      'first-boot': prepared.firstBootFacts,
      'after-reboot': prepared.afterRebootFacts,
    }
    const facts = factsUses(stage.plan.subject).flatMap(({ subject, file, as }) => {
      const path = file in paths ? paths[file as keyof typeof paths] : undefined
      return path === undefined ? [] : [{ subject, phases: as, path }]
    })
    // A machine that did not get to the end of its preparation is not judged.
    const ready = prepared.afterRebootFacts !== undefined
    const lanes = [
      ['shared', ready ? prepared.subject : undefined],
      ['baseline', prepared.pairFacts === undefined ? undefined : prepared.pair],
    ] as const
    const { session } = this.#machines
    return {
      facts,
      ...(prepared.pairFacts === undefined ? {} : { pairFacts: prepared.pairFacts }),
      machines: lanes.flatMap(([lane, instance]) => (instance ? [{ lane, machineId: instance.id }] : [])),
      ...(prepared.afterRebootFacts === undefined ? {} : { liveFacts: prepared.afterRebootFacts }),
      ...(prepared.pairFacts === undefined ? {} : { baselineFacts: prepared.pairFacts }),
      own: ready && (prepared.snapshot ?? prepared.warm) !== undefined,
      platform: stage.plan.cell.platform,
      platformOptions: stage.plan.cell.platformOptions,
      identity: session.identity,
    }
  }

  #end(planned: PlannedCheck, outcome: CheckOutcome): void {
    if (!this.#open.delete(planned.key)) return
    const attachments = outcome.attachments?.map((path) => relative(this.#stage.run.runDir, path))
    this.#stage.record({ ...recordOf(planned, outcome.status), ...outcome, ...(attachments ? { attachments } : {}) })
    if (outcome.status === 'fail' || outcome.status === 'error') this.#failedLanes.add(planned.lane)
    this.#retire(planned.lane)
  }

  /** An own instance is gone as soon as its last check is over; when one failed, its logs are kept first. */
  #retire(lane: string): void {
    const instance = this.#own.get(lane)
    if (!instance || [...this.#open.values()].some((planned) => planned.lane === lane)) return
    this.#own.delete(lane)
    const end = async () => {
      if (this.#failedLanes.has(lane)) await collectOwn(this.#stage, instance, lane.replace(':', '-'))
      await this.#machines.destroy(instance)
    }
    this.#stage.ending.add(end())
  }

  async #launchOwn(name: string): Promise<string> {
    const { plan, signal } = this.#stage
    const group = plan.groups.find((known) => known.name === name)
    const snapshot = group?.warm ? this.#prepared.warm : this.#prepared.snapshot
    if (!group || !snapshot) throw new Error(`there is nothing to launch ${name} from`)
    const userData = mergeUserData([
      ...(plan.cell.userData === undefined ? [] : [plan.cell.userData]),
      ...group.userData,
    ])
    const instance = await this.#machines.launch(`own-${name}`, snapshot.id, {
      ...(userData === undefined ? {} : { userData }),
      ...(group.vendorData === undefined ? {} : { vendorData: group.vendorData }),
      ...(group.networkConfig === undefined ? {} : { networkConfig: group.networkConfig }),
      ...(group.cloud === undefined ? {} : { cloud: group.cloud }),
      ...(group.warm ? { warm: true } : {}),
    })
    this.#own.set(`own:${name}`, instance)
    await instance.waitUntilReady({ deadline: `${plan.cell.timeouts.bootMs} ms`, signal })
    return instance.id
  }

  #unreported(planned: PlannedCheck, end: CellProcessEnd, panic: string | undefined): CheckRecord {
    if (end.inProgress.some((other) => other.key === planned.key)) {
      const others = end.inProgress.length - 1
      const beside = others > 0 ? `, while ${others} other checks ran beside it` : ''
      const reason = `the process of the checks ${end.broken ?? 'ended'} during this check${beside}`
      return {
        ...recordOf(planned, this.#stage.signal.aborted ? 'miss' : 'error', reason),
        errors: [{ message: reason }],
      }
    }
    const missing = this.#whyMissing(planned)
    if (missing !== undefined) return recordOf(planned, 'miss', missing)
    if (panic !== undefined && planned.suite === 'regression') return recordOf(planned, 'miss', panic)
    return recordOf(planned, 'miss', `the process of the checks ${end.broken ?? 'ended'} before this check`)
  }

  #whyMissing(planned: PlannedCheck): string | undefined {
    const { missing } = this.#stage
    if (planned.phase === 'rest') return missing.get('rest-facts')
    if (planned.phase === 'pair' || planned.baseline) return missing.get('pair')
    return missing.get('subject')
  }

  /** A machine that panicked while it was judged: the image's fault, whatever the checks saw of it. */
  async #panic(): Promise<string | undefined> {
    const subject = this.#prepared.subject
    const lost = this.#stage.records.some((record) => record.suite === 'regression' && record.status === 'miss')
    if (!subject || !lost) return undefined
    const tail = await consoleTail(subject.machine)
    const verdict = classifyConsole(tail)
    if (verdict === undefined) return undefined
    this.#stage.failures.push({
      status: 'fail',
      error: {
        name: 'BootError',
        message: `the machine broke down while it was judged: ${verdict}`,
        blame: 'image',
        evidence: tail,
      },
      retryable: false,
    })
    return verdict
  }
}
