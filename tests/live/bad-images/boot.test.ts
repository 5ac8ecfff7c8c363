import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BootError } from '../../../src/core/errors.ts'
import { buildImage, openAtRest } from '../../../src/images/index.ts'
import type { RestingRoot } from '../../../src/images/index.ts'
import { findAgent } from '../../../src/instance/agent/agents.ts'
import { collectLogs } from '../../../src/instance/agent/collect.ts'
import { collectFacts } from '../../../src/instance/facts/collect.ts'
import type { Facts } from '../../../src/instance/facts/facts.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { checkLogs, findingsToRecords, judgedLogKind } from '../../../src/logs/index.ts'
import { manifest } from '../../../src/platforms/lxd/manifest.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import type { Session } from '../../../src/platforms/session.ts'
import type { Check, RegressionCheck } from '../../../src/testing/index.ts'
import { whyNot } from '../../../src/runner/plan/applies.ts'
import { findCheckFiles, loadCheckFiles } from '../../../src/runner/checks/load-checks.ts'
import { arrangeImages, type BadFault, combine, howToTell } from '../../bad-images/combine.ts'
import { badImages } from '../../bad-images/index.ts'
import { complaints, nameOf, outcomesFor, signsOf } from '../../together/compare.ts'
import { judge as judgePolicy, phasesOf } from '../../unit/policy/judge.ts'
import { whyNoLxd } from '../lxd/open-lxd.ts'
import { failures, judge as judgeRegression, type Judged } from '../regression/judge.ts'
import { neverBooted, type GoodImage } from './never-booted.ts'

const skip =
  process.getuid?.() === 0 ? await whyNoLxd() : 'overlays are mounted by root: sudo npx vitest run tests/live'

// Several boots at a time on a busy host say nothing about how fast an image boots.
const ABOUT_TIME = ['reg-boot-budget', 'reg-time-to-ssh', 'reg-ci-stage-budget']
// Seconds of processor time each, and no image is for one of them.
const SLOW = ['reg-ci-collect-logs', 'reg-ci-schema', 'reg-image-footprint', 'reg-pkg-cycle']

const images = arrangeImages(badImages.filter(({ caught }) => caught.phase !== 'rest'))
const faults = [...new Set(images.flat())]
const GOOD: readonly BadFault[] = []
const AT_ONCE = 4

describe.skipIf(skip)(`bad images that boot${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let session: Session
  let rest: RestingRoot
  let good: GoodImage
  let folder: string
  let checks: Check[]
  const limit = pLimit(AT_ONCE)
  const results = new Map<readonly BadFault[], Promise<string[]>>()

  beforeAll(async () => {
    checks = [...(await loadCheckFiles(await findCheckFiles())).values()]
    session = await openPlatform('lxd', {})
    const image = await buildImage('debian-13')
    const { id } = await session.resolveImage('debian-13')
    rest = await openAtRest(image.rootfs)
    good = { root: rest.root, manifest: image.manifest, fingerprint: id }
    folder = await mkdtemp(join(tmpdir(), 'harness-bad-logs-'))
    for (const members of [GOOD, ...images]) {
      const result = limit(() => caughtBy(members))
      result.catch(() => undefined)
      results.set(members, result)
    }
  })
  afterAll(async () => {
    await Promise.allSettled(results.values())
    const left = (await session?.resources({ runId: session.owner.runId })) ?? []
    for (const resource of left) if (resource.kind === 'machine') await session.remove(resource)
    await session?.close()
    await rest?.[Symbol.asyncDispose]()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  test('the good one is caught by nothing', async () => {
    expect(await results.get(GOOD)).toEqual([])
  })

  test.for(faults)('$name is caught by $bad.caught.id', async (fault) => {
    const outcomes = await outcomesFor(fault, images, async (members) => (await results.get(members)) ?? [])
    expect(complaints(fault, outcomes)).toEqual([])
  })

  test.for(images.map((members) => ({ members, name: nameOf(members) })))('together: $name', async ({ members }) => {
    expect(await results.get(members), howToTell(members)).toEqual(signsOf(members))
  })

  /** Launches the image and gives the ids of all that failed. */
  async function caughtBy(members: readonly BadFault[]): Promise<string[]> {
    const name = `hb-${randomBytes(3).toString('hex')}`
    const snapshot = await neverBooted(good, combine(members), `${name}-base`, session.owner)
    await using instance = await session.launch({ image: snapshot, name }).catch(unlessNoBoot)
    // Whether the start fails or what was started stops at once is a matter of milliseconds.
    const ready = await instance?.waitUntilReady().catch(unlessNoBoot)
    if (!instance || !ready) return ['boot']
    const [facts, pair] = await Promise.all([
      collectFacts(instance, 'first-boot'),
      members.some(({ bad }) => bad.caught.phase === 'pair') ? twin(snapshot, `${name}-twin`) : undefined,
    ])
    const policy = await byPolicy(facts, pair)
    const regression = await byRegression(instance, facts)
    const logs = await byLogs(instance, join(folder, name))
    return [...new Set([...policy, ...regression, ...logs])].sort()
  }

  async function twin(image: string, name: string): Promise<Facts> {
    await using instance = await session.launch({ image, name })
    await instance.waitUntilReady()
    return await collectFacts(instance, 'first-boot')
  }

  async function byPolicy(facts: Facts, other: Facts | undefined): Promise<string[]> {
    const found = new Set<string>()
    for (const check of checks) {
      if (check.suite !== 'policy') continue
      for (const phase of other ? (['first-boot', 'pair'] as const) : (['first-boot'] as const)) {
        if (!phasesOf(check).includes(phase)) continue
        const { status } = await judgePolicy(check, facts, phase, other)
        if (status === 'fail') found.add(check.id)
        if (status === 'error') found.add(`${check.id}: error`)
      }
    }
    return [...found]
  }

  async function byRegression(instance: Instance, facts: Facts): Promise<string[]> {
    const fitting = checks.filter(
      (check): check is RegressionCheck =>
        check.suite === 'regression' &&
        (check.info.group ?? 'shared') === 'shared' &&
        check.info.disruptive !== true &&
        whyNot(check.info.applies, PLACE) === undefined &&
        !SLOW.includes(check.id) &&
        !ABOUT_TIME.includes(check.id),
    )
    const judged: Judged[] = []
    for (const check of fitting) judged.push(await judgeRegression(check, { instance, facts, firstBoot: facts }))
    return failures(judged)
  }

  async function byLogs(instance: Instance, dir: string): Promise<string[]> {
    const kept = await collectLogs(instance, JUDGED_LOGS, { dir, archive: false })
    const files = kept.flatMap(({ file }) => {
      const kind = judgedLogKind(file)
      return kind ? [{ path: join(dir, file), kind }] : []
    })
    const scans = await checkLogs(files, { distribution: 'debian', platform: 'lxd', container: true })
    return findingsToRecords(scans, { subject: 'image' })
      .filter(({ status }) => status === 'fail' || status === 'miss')
      .map(({ id }) => id)
  }
})

/** A machine without anything that a cell has to ask for. */
const PLACE = {
  cell: { platform: 'lxd', boot: 'container', distribution: 'debian' },
  capabilities: new Set(manifest.capabilities),
}

function unlessNoBoot(error: unknown): undefined {
  if (!(error instanceof BootError)) throw error
}

/** What else a cell collects costs seconds of processor time, and no rule reads it. */
const JUDGED_LOGS = {
  ...findAgent('cloud-init'),
  collect: findAgent('cloud-init').collect.filter(({ file }) => judgedLogKind(file)),
}
