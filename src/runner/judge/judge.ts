import { readFile } from 'node:fs/promises'
import type { ExpectStatic } from 'vitest'
import { type Expectations, expectationsFor } from '../../distros/expectations.ts'
import type { Facts } from '../../instance/facts/facts.ts'
import { readFacts } from '../../instance/facts/read-facts.ts'
import { isKnown } from '../../instance/facts/unknown-fact.ts'
import type { Instance } from '../../instance/instance.ts'
import type { Measurement, Phase } from '../../results/check-record.ts'
import type { Session } from '../../platforms/session.ts'
import type { Check, PolicyCheck, RegressionCheck } from '../../testing/check.ts'
import { whyNot } from '../plan/applies.ts'
import type { PlannedCheck, Subject } from '../plan/planned-check.ts'
import type { ChildInputs, ChildSpec } from './protocol.ts'
import type { WorkerLink } from './worker-link.ts'

/** What a check can do besides looking at its subject. */
export interface Tools {
  expect: ExpectStatic
  signal: AbortSignal
  skip: (reason: string) => never
  measure: (measurement: Measurement) => void
  attach: (name: string, text: string) => void
}

/** Facts and instances of one cell, each read or attached once. */
export class Judges {
  readonly spec: ChildSpec
  readonly #inputs: ChildInputs
  readonly #link: WorkerLink
  readonly #onBoot: (lane: string) => void
  readonly #broken: readonly { file: string; message: string }[]
  readonly #facts = new Map<string, Promise<Facts>>()
  #session: Promise<Session> | undefined
  readonly #instances = new Map<string, Promise<Instance>>()

  private constructor(
    spec: ChildSpec,
    link: WorkerLink,
    inputs: ChildInputs,
    broken: Judges['brokenFiles'],
    onBoot: (lane: string) => void,
  ) {
    this.spec = spec
    this.#link = link
    this.#inputs = inputs
    this.#broken = broken
    this.#onBoot = onBoot
  }

  /** Loads what judging needs, says so, and waits until there is something to judge. */
  static async prepare(
    spec: ChildSpec,
    link: WorkerLink,
    broken: Judges['brokenFiles'],
    onBoot: (lane: string) => void,
  ): Promise<Judges> {
    if (spec.live) await import('../../platforms/open-platform.ts')
    return new Judges(spec, link, await link.ready([...broken]), broken, onBoot)
  }

  get brokenFiles(): readonly { file: string; message: string }[] {
    return this.#broken
  }

  whyUndeclared(id: string): string {
    const [first] = this.#broken
    return first
      ? `the check ${id} was not declared: ${first.file} cannot be imported: ${first.message}`
      : `the check ${id} was not declared`
  }

  /** Whether what the check looks at exists. */
  canJudge(planned: PlannedCheck): boolean {
    if (planned.suite === 'policy')
      return (
        this.#factsPath(planned.subject, planned.phase) !== undefined &&
        (planned.phase !== 'pair' || this.#inputs.pairFacts !== undefined)
      )
    if (planned.lane.startsWith('own:')) return this.#inputs.own
    return this.#inputs.machines.some((machine) => machine.lane === planned.lane)
  }

  async facts(subject: Subject, phase: Phase | undefined): Promise<Facts> {
    return await this.#read(this.#factsPath(subject, phase))
  }

  async pairFacts(): Promise<Facts | undefined> {
    return this.#inputs.pairFacts === undefined ? undefined : await this.#read(this.#inputs.pairFacts)
  }

  async liveFacts(planned: PlannedCheck): Promise<Facts> {
    return await this.#read(planned.baseline ? this.#inputs.baselineFacts : this.#inputs.liveFacts)
  }

  /** Facts of the image before anything was done to it; none for the unmodified instance, whose live facts they are. */
  async firstBootFacts(planned: PlannedCheck): Promise<Facts | undefined> {
    const path = planned.baseline ? undefined : this.#factsPath('image', 'first-boot')
    return path === undefined ? undefined : await this.#read(path)
  }

  /** The instance of a lane; one of its own is launched by the parent on the first call. */
  async instance(lane: string): Promise<Instance> {
    let attached = this.#instances.get(lane)
    if (!attached) this.#instances.set(lane, (attached = this.#attach(lane)))
    return await attached
  }

  expected(facts: Facts): Expectations {
    const { cell } = this.spec
    const os = isKnown(facts, 'os') ? facts.os : undefined
    const release = os?.versionId ?? os?.codename ?? (cell.release === 'unknown' ? undefined : cell.release)
    return expectationsFor({
      distribution: os?.id ?? cell.distribution,
      ...(release === undefined ? {} : { release }),
      platform: cell.platform,
      container: isKnown(facts, 'system') && facts.system.container,
    })
  }

  async #attach(lane: string): Promise<Instance> {
    const machineId = lane.startsWith('own:')
      ? await this.#link.instance(lane.slice('own:'.length))
      : this.#inputs.machines.find((machine) => machine.lane === lane)?.machineId
    if (machineId === undefined) throw new Error(`there is no instance for ${lane}`)
    this.#session ??= this.#open()
    const session = await this.#session
    const instance = await session.attach(machineId)
    instance.onBoot = () => this.#onBoot(lane)
    return instance
  }

  async #open(): Promise<Session> {
    const { openPlatformNamed } = await import('../../platforms/open-platform.ts')
    const { platform, platformOptions, identity } = this.#inputs
    return await openPlatformNamed(platform, platformOptions, { identity })
  }

  #factsPath(subject: Subject, phase: Phase | undefined): string | undefined {
    // A pair is two first boots of one image.
    const wanted = phase === 'pair' ? 'first-boot' : phase
    return this.#inputs.facts.find(
      (facts) => facts.subject === subject && wanted !== undefined && facts.phases.includes(wanted),
    )?.path
  }

  async #read(path: string | undefined): Promise<Facts> {
    if (path === undefined) throw new Error('there are no facts to judge')
    let facts = this.#facts.get(path)
    if (!facts) this.#facts.set(path, (facts = this.#parse(path)))
    return await facts
  }

  async #parse(path: string): Promise<Facts> {
    return readFacts(await readFile(path, 'utf8'), path)
  }
}

/** Judges facts. */
export async function judgePolicy(
  judges: Judges,
  planned: PlannedCheck,
  check: PolicyCheck,
  tools: Tools,
): Promise<void> {
  const facts = await judges.facts(planned.subject, planned.phase)
  skipWhereItDoesNotApply(judges, check, facts, tools)
  await check.judge({
    facts,
    other: planned.phase === 'pair' ? await judges.pairFacts() : undefined,
    phase: planned.phase ?? 'first-boot',
    expect: tools.expect,
    expected: judges.expected(facts),
    cell: judges.spec.cell,
    skip: tools.skip,
  })
}

/** Judges a live instance. */
export async function judgeRegression(
  judges: Judges,
  planned: PlannedCheck,
  check: RegressionCheck,
  tools: Tools,
): Promise<void> {
  const facts = await judges.liveFacts(planned)
  skipWhereItDoesNotApply(judges, check, facts, tools)
  const instance = await judges.instance(planned.lane)
  const firstBoot = await judges.firstBootFacts(planned)
  await check.judge({
    ...tools,
    instance,
    ...(instance.machine.imds ? { imds: instance.machine.imds } : {}),
    facts,
    ...(firstBoot ? { firstBoot } : {}),
    expected: judges.expected(facts),
    cell: judges.spec.cell,
    environment: judges.spec.environment ?? {},
  })
}

function skipWhereItDoesNotApply(judges: Judges, check: Check, facts: Facts, tools: Tools): void {
  const reason = whyNot(check.info.applies, {
    cell: judges.spec.cell,
    capabilities: new Set(judges.spec.capabilities),
    facts,
  })
  if (reason !== undefined) tools.skip(reason)
}
