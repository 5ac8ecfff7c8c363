import { expect, test } from 'vitest'
import { judgePolicy } from '../../../src/gate/decide.ts'
import { decide, differences, parseDecision } from '../../../src/gate/decision.ts'
import type { GateEvidence, GateResult, Judgement, SignedWaiver } from '../../../src/gate/evidence.ts'
import { parsePolicy } from '../../../src/gate/policy.ts'

const POLICY = `id: publish
images: ['debian-1*']
require:
  - name: boots everywhere
    cells: { platform: [ec2, gce], boot: uefi }
    checks: ['pol-*']
    max-age: 14 days
`
const DIGEST = `sha256:${'a'.repeat(64)}`
const check = (id: string, status: Judgement['status'] = 'pass', more: Partial<Judgement> = {}): Judgement => ({
  id,
  severity: 'blocker',
  subject: 'image',
  baseline: false,
  status,
  ...more,
})
const result = (platform: string, more: Partial<GateResult> = {}): GateResult => ({
  id: `${platform}-1`,
  submission: `sub-${platform}`,
  submitter: 'lab',
  cell: `${platform}/debian-13/default/uefi`,
  axes: { platform, boot: 'uefi' },
  status: 'pass',
  at: '2026-05-10T00:00:00.000Z',
  checks: [check('pol-a'), check('reg-b')],
  ...more,
})
const evidence = (results: GateResult[], more: Partial<GateEvidence> = {}): GateEvidence => ({
  image: { name: 'debian-13', digest: DIGEST, basis: 'stored' },
  asOf: { seq: 7, at: '2026-05-12T00:00:00.000Z' },
  results,
  planned: [],
  waivers: [],
  ...more,
})
const waiver: SignedWaiver = {
  id: 'known',
  submitter: 'release-team',
  images: ['debian-*'],
  cells: ['ec2/*'],
  checks: ['pol-a'],
  missing: false,
  from: '2026-05-01T00:00:00.000Z',
  until: '2026-06-01T00:00:00.000Z',
  spent: [],
}
const both = [result('ec2'), result('gce')]
const of = (text: string, found: GateEvidence) => decide(parsePolicy(text, 'p.yaml'), found)
const verdict = (results: GateResult[], more?: Partial<GateEvidence>, text = POLICY) => {
  const { verdict: said, unsatisfied, missing } = of(text, evidence(results, more))
  return [said, unsatisfied.length, missing.length]
}

test('everything that is required was judged and holds', () => {
  const decision = of(POLICY, evidence(both))
  expect(decision.verdict).toBe('go')
  expect(decision.satisfied.map(({ subject }) => subject)).toEqual([
    'debian-13',
    'platform=ec2, boot=uefi',
    'platform=gce, boot=uefi',
  ])
  expect(decision.evidence).toEqual(['sub-ec2', 'sub-gce'])
})

test.each<[string, GateResult[], [string, number, number]]>([
  ['nothing at all', [], ['no-go', 0, 2]],
  ['one cell is missing', [result('ec2')], ['no-go', 0, 1]],
  [
    'a result of another boot mode',
    [result('ec2'), result('gce', { axes: { platform: 'gce', boot: 'bios' } })],
    ['no-go', 0, 1],
  ],
  ['no check was judged', [result('ec2', { checks: [] }), result('gce')], ['no-go', 0, 1]],
  ['the check was skipped', [result('ec2', { checks: [check('pol-a', 'skip')] }), result('gce')], ['no-go', 0, 1]],
  ['the check was not judged', [result('ec2', { checks: [check('pol-a', 'miss')] }), result('gce')], ['no-go', 0, 1]],
  [
    'only the unmodified image was judged',
    [result('ec2', { checks: [check('pol-a', 'pass', { baseline: true })] }), result('gce')],
    ['no-go', 0, 1],
  ],
  ['the check fails', [result('ec2', { checks: [check('pol-a', 'fail')] }), result('gce')], ['no-go', 1, 0]],
  ['the check broke', [result('ec2', { checks: [check('pol-a', 'error')] }), result('gce')], ['no-go', 1, 0]],
  ['the machine did not boot again', [result('ec2', { status: 'fail' }), result('gce')], ['no-go', 1, 0]],
  ['the cell was not judged to its end', [result('ec2', { status: 'miss' }), result('gce')], ['no-go', 0, 1]],
  ['a result is too old', [result('ec2', { at: '2026-04-20T00:00:00.000Z' }), result('gce')], ['no-go', 0, 1]],
  ['a time is nonsense', [result('ec2', { at: 'soon' }), result('gce')], ['no-go', 0, 1]],
  [
    'another submitter saw it fail',
    [...both, result('gce', { id: 'x', submitter: 'other', checks: [check('pol-a', 'fail')] })],
    ['no-go', 1, 0],
  ],
  [
    'it failed before it passed',
    [...both, result('ec2', { id: 'x', at: '2026-05-09T00:00:00.000Z', checks: [check('pol-a', 'fail')] })],
    ['go', 0, 0],
  ],
  [
    'a check nobody asks about fails',
    [result('ec2', { checks: [check('pol-a'), check('reg-b', 'fail')], status: 'fail' }), result('gce')],
    ['go', 0, 0],
  ],
])('%s', (_, results, expected) => {
  expect(verdict(results)).toEqual(expected)
})

test('a policy for other images, or a digest that only the platform tells, is no go', () => {
  expect(verdict(both, { image: { name: 'ubuntu-24.04', digest: DIGEST, basis: 'stored' } })).toEqual(['no-go', 1, 0])
  expect(verdict(both, { image: { name: 'debian-13', digest: DIGEST, basis: 'reported' } })).toEqual(['no-go', 1, 0])
  expect(verdict(both, {}, `${POLICY}valid-since: 2026-05-13\n`)).toEqual(['no-go', 1, 0])
  expect(verdict(both, {}, `${POLICY}valid-until: 2026-05-11\n`)).toEqual(['no-go', 1, 0])
})

test('several submitters can be asked for', () => {
  const text = `${POLICY}    submitters: { any-of: [lab, cloud], at-least: 2 }\n`
  expect(verdict(both, {}, text)).toEqual(['no-go', 0, 2])
  const stranger = both.map((one) => ({ ...one, id: `${one.id}-x`, submitter: 'stranger' }))
  expect(verdict([...both, ...stranger], {}, text)).toEqual(['no-go', 0, 2])
  const cloud = both.map((one) => ({ ...one, id: `${one.id}-c`, submitter: 'cloud' }))
  expect(verdict([...both, ...cloud], {}, text)).toEqual(['go', 0, 0])
})

const spent = (platform: string) => ({ submitter: 'lab', cell: result(platform).cell, check: 'pol-a' })
const failing = [result('ec2', { checks: [check('pol-a', 'fail')] }), result('gce')]

test.each<[string, SignedWaiver[], string, string]>([
  ['covers it', [waiver], '', 'go'],
  ['is over', [{ ...waiver, until: '2026-05-11T23:00:00.000Z' }], '', 'no-go'],
  ['has not begun', [{ ...waiver, from: '2026-05-13T00:00:00.000Z' }], '', 'no-go'],
  ['is by who made the result', [{ ...waiver, submitter: 'lab' }], '', 'no-go'],
  ['is for another cell', [{ ...waiver, cells: ['gce/*'] }], '', 'no-go'],
  ['is for another image', [{ ...waiver, images: ['ubuntu*'] }], '', 'no-go'],
  ['is not wanted', [waiver], '    waivers: none\n', 'no-go'],
  ['has done its work here', [{ ...waiver, spent: [spent('ec2')] }], '', 'no-go'],
  ['has done its work in another cell', [{ ...waiver, spent: [spent('gce')] }], '', 'go'],
  ['has done its work, and another has not', [{ ...waiver, spent: [spent('ec2')] }, waiver], '', 'go'],
])('a signed waiver that %s', (_, waivers, more, expected) => {
  expect(verdict(failing, { waivers }, POLICY + more)[0]).toBe(expected)
})

test('an excused failure is told', () => {
  const [, item] = of(POLICY, evidence(failing, { waivers: [waiver] })).satisfied
  expect(item?.reasons).toEqual([
    'pol-a is fail by lab in ec2/debian-13/default/uefi; waived by known until 2026-06-01',
  ])
})

test('why a waiver no longer excuses is told', () => {
  const [item] = of(POLICY, evidence(failing, { waivers: [{ ...waiver, spent: [spent('ec2')] }] })).unsatisfied
  expect(item?.reasons).toEqual([
    'pol-a is fail by lab in ec2/debian-13/default/uefi; known no longer excuses it: it passed twice since',
  ])
})

test('a waiver in the run itself counts only where the policy says so', () => {
  const own = { reason: 'r', tracker: 't', until: '2026-05-12' }
  const results = [result('ec2', { checks: [check('pol-a', 'fail', { waived: own })] }), result('gce')]
  expect(verdict(results)[0]).toBe('no-go')
  expect(verdict(results, {}, `${POLICY}    waivers: any\n`)[0]).toBe('go')
  expect(verdict(results, { asOf: { seq: 7, at: '2026-05-13T00:00:00.000Z' } }, `${POLICY}    waivers: any\n`)[0]).toBe(
    'no-go',
  )
})

const PLANNED = `id: publish
images: ['*']
require:
  - name: what was planned
    planned: all
`

test('what was planned and never reported is missing; a waiver for missing results excuses it', () => {
  const planned = both.map(({ cell, axes }) => ({ cell, axes }))
  expect(verdict(both, { planned }, PLANNED)).toEqual(['go', 0, 0])
  expect(verdict([result('gce')], { planned }, PLANNED)).toEqual(['no-go', 0, 1])
  const forAll = { ...waiver, checks: ['*'] }
  expect(verdict([result('gce')], { planned, waivers: [forAll] }, PLANNED)[0]).toBe('no-go')
  expect(verdict([result('gce')], { planned, waivers: [{ ...forAll, missing: true }] }, PLANNED)[0]).toBe('go')
  expect(verdict(both, { planned: [] }, PLANNED)).toEqual(['no-go', 0, 1])
})

test('severities that do not block', () => {
  const minor = [
    result('ec2', { checks: [check('pol-a'), check('pol-b', 'fail', { severity: 'minor' })] }),
    result('gce'),
  ]
  expect(verdict(minor)[0]).toBe('no-go')
  expect(verdict(minor, {}, `${POLICY}    severities: [blocker, major]\n`)[0]).toBe('go')
})

test('a decision made again from the same evidence is the same, in whatever order it is read', () => {
  const before = of(POLICY, evidence(failing, { waivers: [waiver] }))
  const again = of(POLICY, evidence(failing.toReversed(), { waivers: [waiver] }))
  expect(again.id).toBe(before.id)
  expect(differences(before, again)).toEqual([])
  expect(differences(before, of(POLICY, evidence(failing)))).toEqual([
    'the verdict was go and is no-go',
    'boots everywhere: platform=ec2, boot=uefi was satisfied and is unsatisfied',
  ])
})

test('a decision that was edited is refused', () => {
  const text = JSON.stringify(of(POLICY, evidence(failing)))
  expect(parseDecision(text, 'd.json').verdict).toBe('no-go')
  expect(() => parseDecision(text.replace('"no-go"', '"go"'), 'd.json')).toThrow('d.json was changed')
  expect(() => parseDecision('{}', 'd.json')).toThrow('d.json is not a decision: version')
})

test.each([
  ['both kinds', POLICY + '    planned: all\n', 'p.yaml:4:5: require.0: name either cells or planned'],
  ['an age without unit', POLICY.replace('14 days', '14'), 'p.yaml:7:14: require.0.max-age: 14 is a number'],
  ['an unknown key', POLICY.replace('checks', 'cheks'), 'p.yaml:6:5: "cheks" is not known'],
  [
    'more combinations than a person could want',
    POLICY.replace(
      '[ec2, gce], boot: uefi',
      `[${Array.from({ length: 99 }, (_, n) => `p${n}`).join()}], a: [${Array.from({ length: 99 }, (_, n) => `q${n}`).join()}]`,
    ),
    '"boots everywhere" asks for 9801 combinations',
  ],
])('a policy with %s is refused at its place', (_, text, message) => {
  expect(() => parsePolicy(text, 'p.yaml')).toThrow(message)
})

test('no subset of the evidence for a no-go is a go', () => {
  // Leaving results out must never help: what is not there is missing.
  const all = [
    ...both,
    result('ec2', { id: 'other', submitter: 'other', cell: 'ec2/debian-13/large/uefi' }),
    result('azure', { axes: { platform: 'azure', boot: 'uefi' } }),
  ]
  const policy = parsePolicy(POLICY.replace('[ec2, gce]', '[ec2, gce, azure, oracle]'), 'p.yaml').policy
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    const some = all.filter((_, index) => mask & (1 << index))
    expect(judgePolicy(policy, evidence(some)).some(({ state }) => state === 'missing')).toBe(true)
  }
})
