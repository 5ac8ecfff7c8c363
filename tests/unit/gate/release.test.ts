import { mkdtempSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { approvalPayload } from '../../../src/gate/approval.ts'
import { decide, differences } from '../../../src/gate/decision.ts'
import { parsePolicy } from '../../../src/gate/policy.ts'
import { findGateImage, readEvidence } from '../../../src/gate/read-evidence.ts'
import { releaseImage, type Release } from '../../../src/gate/release-image.ts'
import type { Decision } from '../../../src/publish/decision.ts'
import { digestOf } from '../../../src/publish/digest.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { PREDICATES } from '../../../src/publish/statement.ts'
import { check, NOW, results, signed, testArchive, type TestArchive } from '../archive/test-archive.ts'

const FILE = 'the bytes of an image'
const DIGEST = digestOf(FILE)
const POLICY = parsePolicy(
  `id: release
images: ['debian-*']
require:
  - name: boots
    cells: { platform: lxd }
    checks: ['ssh-*']
`,
  'policy.yaml',
)

let test_: TestArchive
let folder = ''
beforeEach(async () => {
  test_ = await testArchive()
  folder = mkdtempSync(join(tmpdir(), 'release-'))
  await writeFile(join(folder, 'debian.qcow2'), FILE)
})
afterEach(async () => {
  await test_[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Results of the image, as alice publishes them. */
async function publish(status: 'pass' | 'fail', run = '20261120-100000-abcd'): Promise<string> {
  const made = results({ run: { id: run }, cell: { digest: DIGEST, status, checks: [check('ssh-root', status)] } })
  const { entry } = await test_.archive.accept(signed(payloadOf(made), test_.keys.alice))
  return entry.id
}

async function decision(point?: Decision['asOf']): Promise<Decision> {
  const image = await findGateImage(test_.archive, 'debian-13')
  return decide(POLICY, await readEvidence(test_.archive, image, point, () => test_.clock.now))
}

function approval(about: Decision, key: 'alice' | 'bob' = 'alice'): string {
  return signed(approvalPayload(about, { approver: 'Ada Example', at: NOW }), test_.keys[key])
}

async function release(change: Partial<Release> = {}): Promise<string> {
  const made = change.decision ?? (await decision())
  return await releaseImage({
    file: join(folder, 'debian.qcow2'),
    to: join(folder, 'out'),
    decision: made,
    policy: POLICY,
    approval: change.approval ?? approval(made),
    approvers: test_.archive.submitters,
    maxAgeMs: 86_400_000,
    now: NOW,
    ...change,
  })
}

describe('evidence of an archive', () => {
  test('an image is found by name, build and digest, and not by anything else', async () => {
    await publish('pass')
    const byName = await findGateImage(test_.archive, 'debian-13')
    expect(byName).toMatchObject({ name: 'debian-13', digest: DIGEST })
    expect(await findGateImage(test_.archive, DIGEST)).toEqual(byName)
    await expect(findGateImage(test_.archive, 'debian-99')).rejects.toThrow('the archive knows no image debian-99')
  })

  test('a decision can be made again, whatever was submitted, taken back or waived later', async () => {
    const first = await publish('fail')
    const before = await decision()
    expect(before.verdict).toBe('no-go')
    test_.clock.now += 60_000
    await publish('pass', '20261120-110000-abcd')
    const statement = (predicateType: string, predicate: object) =>
      signed({ _type: 'https://in-toto.io/Statement/v1', subject: [], predicateType, predicate }, test_.keys.alice)
    await test_.archive.accept(
      statement(PREDICATES.retraction, { submission: first, reason: 'a wrong image', at: new Date(NOW).toISOString() }),
    )
    expect((await decision()).verdict).toBe('go')
    const again = await decision(before.asOf)
    expect(differences(before, again)).toEqual([])
    expect(again.id).toBe(before.id)
  })

  test('what a run planned and did not report is missing', async () => {
    const plan = { digest: digestOf('plan'), cells: ['lxd/debian-13/default/container', 'lxd/debian-13/large/vm'] }
    const made = { ...results({ cell: { digest: DIGEST } }), plan }
    await test_.archive.accept(signed(payloadOf(made), test_.keys.alice))
    const policy = parsePolicy("id: p\nimages: ['*']\nrequire: [{name: all, planned: all}]\n", 'p.yaml')
    const image = await findGateImage(test_.archive, 'debian-13')
    const { missing } = decide(policy, await readEvidence(test_.archive, image))
    expect(missing.map(({ subject }) => subject)).toEqual(['lxd/debian-13/large/vm'])
  })
})

describe('an image is released', () => {
  test('when a policy let it through and a person signed that', async () => {
    await publish('pass')
    const out = await release()
    expect((await readdir(out)).sort()).toEqual([
      'SHA256SUMS',
      'approval.dsse.json',
      'debian.qcow2',
      'decision.json',
      'release.json',
    ])
    expect(await readFile(join(out, 'debian.qcow2'), 'utf8')).toBe(FILE)
    expect(await readFile(join(out, 'SHA256SUMS'), 'utf8')).toBe(`${DIGEST.slice(7)}  debian.qcow2\n`)
    expect(JSON.parse(await readFile(join(out, 'release.json'), 'utf8'))).toMatchObject({
      approver: 'Ada Example',
      submitter: 'alice',
    })
    expect(await release()).toBe(out)
  })

  const refused: [string, () => Promise<unknown>, string][] = [
    [
      'other bytes than were tested',
      async () => {
        await writeFile(join(folder, 'debian.qcow2'), `${FILE}!`)
        await release()
      },
      'and the decision is about sha256:',
    ],
    [
      'a signature of somebody who may not approve',
      async () => {
        await release({ approval: approval(await decision(), 'bob') })
      },
      'bob may not submit approvals',
    ],
    [
      'an approval that was changed',
      async () => {
        const envelope = JSON.parse(approval(await decision())) as { payload: string }
        const payload = Buffer.from(envelope.payload, 'base64').toString('utf8').replace('Ada', 'Eve')
        await release({ approval: JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') }) })
      },
      'is not good for this payload',
    ],
    [
      'an approval of another decision',
      async () => {
        const old = await decision()
        test_.clock.now += 60_000
        await release({ approval: approval(old), decision: await decision() })
      },
      'is about another decision',
    ],
    [
      'results in place of an approval',
      async () => {
        const made = results({ cell: { digest: DIGEST } })
        await release({ approval: signed(payloadOf(made), test_.keys.alice) })
      },
      'the envelope holds no approval',
    ],
    [
      'another text of the policy',
      async () => {
        await release({ policy: { ...POLICY, digest: digestOf('another') } })
      },
      'by another text of the policy',
    ],
    [
      'a decision of long ago',
      async () => {
        await release({ now: NOW + 2 * 86_400_000 })
      },
      'the decision is 48 h 00 min old',
    ],
    [
      'a key that was revoked',
      async () => {
        const approvers = test_.archive.submitters.map((one) => ({
          ...one,
          credentials: one.credentials.map((credential) => ({ ...credential, revokedAt: NOW - 1 })),
        }))
        await release({ approvers })
      },
      'the key was revoked',
    ],
    ['no approvers at all', () => release({ approvers: [] }), 'no registered key signed this'],
  ]
  test.each(refused)('never with %s', async (_, attempt, message) => {
    await publish('pass')
    await expect(attempt()).rejects.toThrow(message)
    expect(await readdir(join(folder, 'out', 'debian-13')).catch(() => [])).toEqual([])
  })

  test('never after a no-go, and nobody can approve one', async () => {
    await publish('fail')
    const no = await decision()
    expect(() => approvalPayload(no, { approver: 'Ada' })).toThrow('the decision is a no-go: 1 unsatisfied, 0 missing')
    // Whoever edits the verdict does not get its id right, and whoever signs by hand is told too.
    const forged = { ...no, verdict: 'go' as const }
    const envelope = signed(approvalPayload(forged, { approver: 'Eve', at: NOW }), test_.keys.alice)
    await expect(release({ decision: no, approval: envelope })).rejects.toThrow('nobody can approve that')
  })

  test('a name of an image leads nowhere else', async () => {
    await publish('pass')
    const made = await decision()
    const evil = { ...made, image: { ...made.image, name: '../../evil' } }
    const out = await release({ decision: evil, approval: approval(made) })
    expect(out.startsWith(join(folder, 'out') + '/')).toBe(true)
    await mkdir(join(folder, 'out'), { recursive: true })
  })
})
