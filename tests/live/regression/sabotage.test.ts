import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAgent } from '../../../src/instance/agent/agents.ts'
import { cleanAgent } from '../../../src/instance/agent/clean.ts'
import { collectFacts } from '../../../src/instance/facts/collect.ts'
import type { Instance, Snapshot } from '../../../src/instance/instance.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import type { Session } from '../../../src/platforms/session.ts'
import { findCheckFiles, loadCheckFiles } from '../../../src/runner/checks/load-checks.ts'
import { mergeUserData } from '../../../src/runner/checks/multipart.ts'
import type { Facts, RegressionCheck } from '../../../src/testing/index.ts'
import { arrange, type Fault } from '../../together/arrange.ts'
import { complaints, nameOf, type Outcome, outcomesFor, signsOf } from '../../together/compare.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'
import { failures, judge, type Judged, reasons } from './judge.ts'
import { faultOf, mayMeet, SLOW } from './arrange-sabotages.ts'
import { type Sabotage, SABOTAGES } from './sabotages.ts'

const skip = await whyNoLxd()
const declared = await loadCheckFiles(await findCheckFiles())
const checks = [...declared.values()]
  .filter((check) => check.suite === 'regression')
  // They have mutants of their metadata service instead.
  .filter((check) => check.info.applies?.identities === undefined)
  .sort((a, b) => a.id.localeCompare(b.id))
const groupOf = (check: RegressionCheck) => check.info.group ?? 'shared'
const rebootCases = checks.filter((check) => SABOTAGES[check.id]?.beforeReboot)
/** They change an instance for good, so they are judged where a reboot follows. */
const disruptiveCases = checks.filter(
  (check) => groupOf(check) === 'shared' && check.info.disruptive === true && !rebootCases.includes(check),
)
const lanes = Map.groupBy(checks, groupOf)
// What cannot be undone comes last.
const order = Object.keys(SABOTAGES)

describe.skipIf(skip)(`sabotage${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let session: Session
  let subject: Instance
  let snapshot: Snapshot
  let facts: Facts
  let firstBoot: Facts
  const machines = new Map<string, Promise<Instance>>()
  const outcomes = new Map<readonly Fault[], Promise<Outcome & { why: string }>>()
  const slowOnes = new Map<string, Promise<Judged[]>>()
  const rebooted = new Map<string, Promise<Judged[]>>()

  beforeAll(async () => {
    session = await openPlatform('lxd', {})
    subject = await session.launch({ image, disks: [{ sizeGiB: 1 }], nics: 1 })
    await subject.waitUntilReady()
    firstBoot = await collectFacts(subject, 'first-boot')
    await cleanAgent(subject, findAgent('cloud-init'))
    snapshot = await subject.snapshot('prepared')
    await subject.reboot()
    facts = await collectFacts(subject, 'after-reboot')
    // They wait for machines most of the time, so they do it while the others are judged.
    const limit = pLimit(3)
    for (const [index, check] of rebootCases.entries()) {
      const cases = index === 0 ? [...disruptiveCases, check] : [check]
      const all = limit(() => sabotageInTurn(cases))
      for (const { id } of cases) {
        const judged = all.then((byId) => byId.get(id) ?? [])
        judged.catch(() => undefined)
        rebooted.set(id, judged)
      }
    }
  })
  afterAll(async () => {
    await Promise.allSettled(rebooted.values())
    const launched = await Promise.all([...machines.values()].map((machine) => machine.catch(() => undefined)))
    for (const instance of new Set([...launched, subject])) await instance?.destroy()
    await snapshot?.delete()
    await session?.close()
  })

  const launch = async (toJudge: readonly RegressionCheck[]): Promise<Instance> => {
    const userData = mergeUserData(toJudge.flatMap((check) => check.info.userData ?? []))
    const instance = await session.launch({ image: snapshot.id, ...(userData === undefined ? {} : { userData }) })
    await instance.waitUntilReady()
    await instance.root.run(`echo ${facts.machineId.value ?? ''} > /var/lib/captured-machine-id`)
    return instance
  }
  const machineOf = (lane: string): Promise<Instance> => {
    const known = machines.get(lane) ?? (lane === 'shared' ? Promise.resolve(subject) : launch(lanes.get(lane) ?? []))
    machines.set(lane, known)
    return known
  }

  for (const [lane, members] of lanes) {
    const rebooting = (check: RegressionCheck) => lane === 'shared' && check.info.disruptive === true
    const quiet = members.filter((check) => !rebooting(check))
    describe(lane, () => {
      test('nothing fails on the good image', { timeout: 240_000 }, async () => {
        const instance = await machineOf(lane)
        const judged = []
        for (const check of quiet) judged.push(await judge(check, { instance, facts, firstBoot }))
        expect(failures(judged), reasons(judged)).toEqual([])
      })
      const cases = quiet
        .filter((check) => !SABOTAGES[check.id]?.beforeReboot)
        .map(({ id }) => faultOf(id))
        .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
      const groups = arrange(cases, mayMeet)
      test.for(groups.map((members) => ({ name: nameOf(members), members })))(
        'together: $name',
        { timeout: 180_000 },
        async ({ members }) => {
          const { failed, why } = await outcomeOf(members)
          // Where a failed test is tried again, so is what it is about.
          if (failed.join() !== signsOf(members).join()) forget(members)
          expect(failed, why).toEqual(signsOf(members))
        },
      )
      test.for(cases)('$name fails', { timeout: 180_000 }, async (fault) => {
        const all = await outcomesFor(fault, groups, async (members) => (await outcomeOf(members)).failed)
        const mine = await Promise.all(groups.filter((members) => members.includes(fault)).map(outcomeOf))
        expect(complaints(fault, all), mine.map(({ why }) => why).join('\n')).toEqual([])
      })

      async function outcomeOf(members: readonly Fault[]): Promise<Outcome & { why: string }> {
        const known = outcomes.get(members) ?? sabotageAll(lane, quiet, members)
        outcomes.set(members, known)
        known.catch(() => forget(members))
        return await known
      }
    })
  }

  function forget(members: readonly Fault[]): void {
    outcomes.delete(members)
    for (const { name } of members) slowOnes.delete(name)
  }

  /** Breaks everything at once, judges, and brings everything back in reverse order. */
  async function sabotageAll(
    lane: string,
    quiet: readonly RegressionCheck[],
    members: readonly Fault[],
  ): Promise<Outcome & { why: string }> {
    const instance = await machineOf(lane)
    const judged: Judged[] = []
    for (const check of quiet.filter(({ id }) => SLOW.includes(id) && members.some(({ name }) => name === id))) {
      const slow = slowOnes.get(check.id) ?? sabotaged(instance, [check], [check.id])
      slowOnes.set(check.id, slow)
      judged.push(...(await slow))
    }
    const names = members.map(({ name }) => name)
    const fast = quiet.filter(({ id }) => !SLOW.includes(id))
    judged.push(...(await sabotaged(instance, fast, names)))
    return { members, failed: failures(judged), why: reasons(judged) }
  }

  async function sabotaged(instance: Instance, toJudge: readonly RegressionCheck[], names: readonly string[]) {
    const judged: Judged[] = []
    const done: Sabotage[] = []
    let seen = { facts, firstBoot }
    let expected = {}
    try {
      for (const sabotage of names.map(sabotageOf)) {
        done.unshift(sabotage)
        await instance.root.run(sabotage.break, { check: true, deadline: '60 seconds' })
        seen = sabotage.facts?.(seen) ?? seen
        expected = { ...expected, ...sabotage.expected }
      }
      for (const check of toJudge) judged.push(await judge(check, { instance, ...seen, expected }))
    } finally {
      for (const { undo } of done) if (undo) await instance.root.run(undo, { check: true, deadline: '60 seconds' })
    }
    return judged
  }

  describe('before a reboot', () => {
    test.for([...disruptiveCases, ...rebootCases].map((check) => [check.id] as const))(
      '%s fails',
      { timeout: 300_000 },
      async ([id]) => {
        const judged = (await rebooted.get(id)) ?? []
        expect(failures(judged), reasons(judged)).toEqual([id, ...(SABOTAGES[id]?.also ?? [])].sort())
      },
    )
  })

  /** On a machine of their own, because the last of them is a reboot after which it is lost. */
  async function sabotageInTurn(cases: readonly RegressionCheck[]): Promise<Map<string, Judged[]>> {
    const together = (check: RegressionCheck) =>
      checks.filter(
        (member) =>
          groupOf(member) === groupOf(check) &&
          member.info.disruptive === true &&
          rebootCases.includes(member) === rebootCases.includes(check),
      )
    await using instance = await launch(cases.flatMap(together))
    const judged = new Map<string, Judged[]>()
    for (const check of cases) judged.set(check.id, await sabotaged(instance, together(check), [check.id]))
    return judged
  }
})

function sabotageOf(id: string): Sabotage {
  const sabotage = SABOTAGES[id]
  if (!sabotage) throw new Error(`there is no sabotage for ${id}`)
  return sabotage
}
