import { expect, test } from 'vitest'
import { ALONE, APART } from '../../bad-images/apart.ts'
import { combine, faultOf, mayMeet } from '../../bad-images/combine.ts'
import { badImages } from '../../bad-images/index.ts'
import { arrange, doubts, type Fault } from '../../together/arrange.ts'
import { complaints, outcomesFor } from '../../together/compare.ts'

const fault = (name: string, ...also: string[]): Fault => ({ name, id: `id-${name}`, signs: [`id-${name}`, ...also] })
const [a, b, c, d] = [fault('a'), fault('b'), fault('c', 'shared'), fault('d', 'shared')] as const
const hiding: Fault = { ...fault('h'), hides: ['id-b'] }

test.each([
  { when: 'each has a group of its own', groups: [[a], [b]], left: [] },
  {
    when: 'two are always together',
    groups: [[a, b]],
    left: ['a might be a reason for id-b', 'b might be a reason for id-a'],
  },
  { when: 'one is only where the other is', groups: [[a, b], [b]], left: ['a might be a reason for id-b'] },
  {
    when: 'rows and columns tell them apart',
    groups: [
      [a, b],
      [c, d],
      [a, c],
      [b, d],
    ],
    left: [],
  },
  {
    when: 'a sign that two share is in each group of a third',
    groups: [[a, c], [a, d], [c], [d]],
    left: ['a might be a reason for shared'],
  },
  {
    when: 'what one hides is not seen in the only group without it',
    groups: [[a, b], [b], [a, hiding], [hiding]],
    left: ['a might be a reason for id-b'],
  },
  {
    when: 'two with one id are always together',
    groups: [[fault('e', 'id-f'), { ...fault('f'), id: 'id-f' }], [fault('g')]],
    left: ['f is never the only reason for id-f', 'f might be a reason for id-e', 'id-f always has several reasons'],
  },
])('doubts when $when', ({ groups, left }) => {
  expect(doubts(groups).sort()).toEqual([...left].sort())
})

test('a fault that may meet nobody has a group, and all others are told apart in fewer groups than there are faults', () => {
  const many = Array.from({ length: 20 }, (_, index) => fault(`f${index}`))
  const groups = arrange([...many, a], (one, other) => one !== a && other !== a)
  expect(groups.length).toBeLessThan(10)
  expect(groups.filter((group) => group.includes(a))).toEqual([[a]])
  expect(new Set(groups.flat()).size).toBe(21)
  expect(doubts(groups)).toEqual([])
})

test('faults that must not meet never do', () => {
  const many = Array.from({ length: 12 }, (_, index) => fault(`f${index}`))
  const apart = new Set(['f0', 'f1', 'f2'])
  const groups = arrange(many, (one, other) => !(apart.has(one.name) && apart.has(other.name)))
  expect(groups.filter((group) => group.filter(({ name }) => apart.has(name)).length > 1)).toEqual([])
})

test('what a fault did not do, and what it did besides, is said of it and of nobody else', () => {
  const groups = arrange([a, b, c, d, fault('e'), fault('f')], () => true)
  const broken = groups.map((members) => ({
    members,
    // `a` does nothing, and wherever `b` is, something else fails.
    failed: members.flatMap(({ name, signs }) => (name === 'a' ? [] : name === 'b' ? [...signs, 'odd'] : signs)),
  }))
  const said = (one: Fault) => complaints(one, broken)
  expect(said(a)).toHaveLength(2)
  expect(said(a).join()).toContain('id-a did not fail in ')
  expect(said(b)).toEqual(['odd failed wherever b is'])
  for (const one of [c, d]) expect(said(one)).toEqual([])
})

test('a fault is not blamed for what another does beside it, nor where that is a sign of a third', () => {
  const groups = [
    [a, c],
    [a, d],
    [b, c],
    [b, d],
  ].map((members) => ({
    members,
    // `a` does what only `b` should.
    failed: members.flatMap((one) => (one === a ? [...one.signs, 'id-b'] : one.signs)),
  }))
  expect([a, b, c, d].map((one) => complaints(one, groups))).toEqual([['id-b failed wherever a is'], [], [], []])
})

test('a group that could not be judged concerns only the faults in it', async () => {
  const groups = [[a, c], [a, d], [b]]
  const failedIn = async (members: readonly Fault[]) => {
    if (members.includes(d)) throw new Error('no disk')
    return members.flatMap(({ signs }) => signs)
  }
  expect(await outcomesFor(b, groups, failedIn)).toHaveLength(2)
  await expect(outcomesFor(a, groups, failedIn)).rejects.toThrow('no disk')
})

test.each([
  { kind: 'at rest', images: badImages.filter(({ caught }) => caught.phase === 'rest'), atMost: 0.3 },
  { kind: 'that boot', images: badImages.filter(({ caught }) => caught.phase !== 'rest'), atMost: 0.65 },
])('bad images $kind are few and prove what each alone would', ({ images, atMost }) => {
  const groups = arrange(images.map(faultOf), mayMeet)
  expect(groups.length).toBeLessThanOrEqual(images.length * atMost)
  expect(new Set(groups.flat().map(({ name }) => name)).size).toBe(images.length)
  expect(doubts(groups)).toEqual([])
  for (const group of groups) {
    const paths = (combine(group).files ?? []).map(({ path, content }) => `${path}: ${content}`)
    const written = new Set(paths).size
    expect(new Set((combine(group).files ?? []).map(({ path }) => path)).size).toBe(written)
  }
})

test('what is kept apart exists and has a reason', () => {
  const names = badImages.map(({ name }) => name)
  expect(
    [...Object.keys(ALONE), ...APART.flatMap((pair) => pair.names)].filter((name) => !names.includes(name)),
  ).toEqual([])
  for (const because of [...Object.values(ALONE), ...APART.map((pair) => pair.because)])
    expect(because.length).toBeGreaterThan(20)
})
