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
import { image, whyNoLxd } from '../lxd/open-lxd.ts'
import { failures, judge, type Judged, reasons } from './judge.ts'
import { SABOTAGES } from './sabotages.ts'

const skip = await whyNoLxd()
const declared = await loadCheckFiles(await findCheckFiles())
const checks = [...declared.values()]
  .filter((check) => check.suite === 'regression')
  // They have mutants of their metadata service instead.
  .filter((check) => check.info.applies?.identities === undefined)
  .sort((a, b) => a.id.localeCompare(b.id))
const groupOf = (check: RegressionCheck) => check.info.group ?? 'shared'
const rebootCases = checks.filter(
  (check) => SABOTAGES[check.id]?.beforeReboot || (groupOf(check) === 'shared' && check.info.disruptive === true),
)
const lanes = Map.groupBy(checks, groupOf)
// What cannot be undone comes last.
const order = Object.keys(SABOTAGES)
// Seconds of processor time each; they are judged by their own sabotage and on the good image.
const SLOW = ['reg-ci-collect-logs', 'reg-ci-schema', 'reg-ci-stage-budget', 'reg-image-footprint', 'reg-sd-cycle']

describe.skipIf(skip)(`sabotage${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let session: Session
  let subject: Instance
  let snapshot: Snapshot
  let facts: Facts
  let firstBoot: Facts
  const machines = new Map<string, Promise<Instance>>()
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
    const limit = pLimit(2)
    for (const check of rebootCases) {
      const judged = limit(() => sabotageBeforeReboot(check))
      judged.catch(() => undefined)
      rebooted.set(check.id, judged)
    }
  })
  afterAll(async () => {
    await Promise.allSettled(rebooted.values())
    const launched = await Promise.all([...machines.values()].map((machine) => machine.catch(() => undefined)))
    for (const instance of new Set([...launched, subject])) await instance?.destroy()
    await snapshot?.delete()
    await session?.close()
  })

  const launch = async (lane: string): Promise<Instance> => {
    const parts = (lanes.get(lane) ?? []).flatMap((check) => check.info.userData ?? [])
    const userData = mergeUserData(parts)
    const instance = await session.launch({ image: snapshot.id, ...(userData === undefined ? {} : { userData }) })
    await instance.waitUntilReady()
    await instance.root.run(`echo ${facts.machineId.value ?? ''} > /var/lib/captured-machine-id`)
    return instance
  }
  const machineOf = (lane: string): Promise<Instance> => {
    const known = machines.get(lane) ?? (lane === 'shared' ? Promise.resolve(subject) : launch(lane))
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
        .sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
      test.for(cases.map((check) => [check.id] as const))('%s fails', { timeout: 120_000 }, async ([id]) => {
        const sabotage = SABOTAGES[id]
        if (!sabotage) throw new Error(`there is no sabotage for ${id}`)
        const instance = await machineOf(lane)
        try {
          await instance.root.run(sabotage.break, { check: true, deadline: '60 seconds' })
          const seen = sabotage.facts?.({ facts, firstBoot }) ?? { facts, firstBoot }
          const judged = []
          for (const check of quiet.filter((other) => other.id === id || !SLOW.includes(other.id)))
            judged.push(
              await judge(check, { instance, ...seen, ...(sabotage.expected ? { expected: sabotage.expected } : {}) }),
            )
          expect(failures(judged), reasons(judged)).toEqual([id, ...(sabotage.also ?? [])].sort())
        } finally {
          if (sabotage.undo) await instance.root.run(sabotage.undo, { check: true, deadline: '60 seconds' })
        }
      })
    })
  }

  describe('before a reboot', () => {
    test.for(rebootCases.map((check) => [check.id] as const))('%s fails', { timeout: 300_000 }, async ([id]) => {
      const judged = (await rebooted.get(id)) ?? []
      expect(failures(judged), reasons(judged)).toEqual([id, ...(SABOTAGES[id]?.also ?? [])].sort())
    })
  })

  /** On a machine of its own, because it is lost after it. */
  async function sabotageBeforeReboot({ id, info }: RegressionCheck): Promise<Judged[]> {
    const sabotage = SABOTAGES[id]
    if (!sabotage) throw new Error(`there is no sabotage for ${id}`)
    const lane = info.group ?? 'shared'
    await using instance = await launch(lane)
    await instance.root.run(sabotage.break, { check: true, deadline: '60 seconds' })
    const judged = []
    for (const member of lanes.get(lane) ?? []) {
      const together =
        member.info.disruptive === true &&
        (sabotage.beforeReboot === true) === (SABOTAGES[member.id]?.beforeReboot === true)
      if (together) judged.push(await judge(member, { instance, facts, firstBoot }))
    }
    return judged
  }
})
