import { expect, test } from 'vitest'
import { findDecision, listDecisions } from '../../../src/archive/index.ts'
import { decide } from '../../../src/gate/decision.ts'
import { decisionPayload } from '../../../src/gate/decision-payload.ts'
import { parsePolicy } from '../../../src/gate/policy.ts'
import { readEvidence } from '../../../src/gate/read-evidence.ts'
import type { Decision } from '../../../src/publish/decision.ts'
import { retractionOf } from '../../../src/publish/retraction.ts'
import { Site } from '../../../src/site/site.ts'
import { check, IMAGE, signed, submission, testArchive, type TestArchive } from './test-archive.ts'

const POLICY = parsePolicy(
  "id: release\nimages: ['*']\nrequire: [{name: boots, cells: {platform: [lxd, ec2]}, checks: [ssh-root]}]\n",
  'p.yaml',
)

async function decided(t: TestArchive): Promise<Decision> {
  const image = { name: 'debian-13', digest: IMAGE, basis: 'stored' } as const
  return decide(POLICY, await readEvidence(t.archive, image, undefined, () => t.clock.now))
}

/** The payload with one thing changed that its id does not know of. */
function changed(decision: Decision, change: (predicate: { decision: Decision; policy: string }) => void): object {
  const payload = JSON.parse(decisionPayload(decision, POLICY).toString()) as {
    predicate: { decision: Decision; policy: string }
  }
  change(payload.predicate)
  return payload
}

test('a decision is submitted with its policy, listed, shown, and can be taken back', async () => {
  await using t = await testArchive()
  await t.archive.accept(submission(t.keys.alice, { cell: { status: 'fail', checks: [check('ssh-root', 'fail')] } }))
  const decision = await decided(t)
  const { entry } = await t.archive.accept(signed(decisionPayload(decision, POLICY), t.keys.alice))
  expect((await listDecisions(t.archive, { digest: IMAGE })).items).toMatchObject([
    {
      id: decision.id,
      verdict: 'no-go',
      policy: 'release',
      submitter: 'alice',
      unsatisfied: 1,
      missing: 1,
      asOfSeq: 1,
    },
  ])
  expect((await listDecisions(t.archive, { verdict: 'go' })).items).toEqual([])
  const found = await findDecision(t.archive, decision.id)
  expect(found?.decision).toEqual(decision)
  expect(found?.policy).toBe(POLICY.text)
  const site = new Site(t.archive, { harness: '0.1.0', now: () => t.clock.now })
  const page = String((await site.answer(`/image/${IMAGE.replace(':', '-')}/`)).body).replaceAll(/<[^>]*>|\s+/g, ' ')
  expect(page).toMatch(
    /decided no-go +by +release +for +alice +on +2026-11-20 *: 1 satisfied, 1 unsatisfied, 1 missing/,
  )
  expect(page).toMatch(/missing +boots: platform=ec2 +no result/)
  await t.archive.accept(signed(retractionOf(entry.id, 'the wrong policy', new Date(t.clock.now)), t.keys.alice))
  expect((await findDecision(t.archive, decision.id))?.row.state).toBe('retracted')
})

test('a decision that was changed, by another policy, of tomorrow, or about what is not here is refused', async () => {
  await using t = await testArchive()
  await t.archive.accept(submission(t.keys.alice))
  const decision = await decided(t)
  const send = (payload: object) => t.archive.accept(signed(payload, t.keys.alice))
  await expect(
    send(changed(decision, (made) => Object.assign(made.decision, { verdict: 'go', missing: [] }))),
  ).rejects.toMatchObject({ status: 422, message: 'the decision is not what its id says' })
  await expect(send(changed(decision, (made) => (made.policy += '\n# easier\n')))).rejects.toMatchObject({
    status: 422,
    message: 'the policy is not the one of the decision',
  })
  await expect(t.archive.accept(signed(decisionPayload(decision, POLICY), t.keys.bob))).rejects.toMatchObject({
    status: 403,
  })
  t.clock.now -= 3_600_000
  await expect(send(decisionPayload(decision, POLICY))).rejects.toMatchObject({ status: 422 })
  t.clock.now += 3_600_000
  await using other = await testArchive({ like: t })
  await expect(other.archive.accept(signed(decisionPayload(decision, POLICY), t.keys.alice))).rejects.toMatchObject({
    status: 409,
    message: expect.stringContaining('nobody has submitted results of image') as string,
  })
  await t.archive.accept(submission(t.keys.alice, { run: { id: 'second' } }))
  const later = await decided(t)
  await other.archive.accept(submission(t.keys.alice))
  await expect(other.archive.accept(signed(decisionPayload(later, POLICY), t.keys.alice))).rejects.toMatchObject({
    status: 409,
    message: 'the decision has seen entry 2 of the log, and there are 1',
  })
})
