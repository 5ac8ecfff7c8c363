import { expect, test } from 'vitest'
import { atLeast, explain, type Sample } from '../../../../src/results/history/explain.ts'

const PLATFORMS = ['lxd', 'ec2', 'azure']
const RELEASES = ['11', '12', '13', 'sid']
const BOOTS = ['uefi', 'bios']

/** Each place several times; `bad` decides. */
function samples(times: number, bad: (axes: Record<string, string>, index: number) => boolean): Sample[] {
  const all: Sample[] = []
  for (const platform of PLATFORMS)
    for (const release of RELEASES)
      for (const boot of BOOTS)
        for (let i = 0; i < times; i++) {
          const axes = { platform, release, boot }
          all.push({ axes, bad: bad(axes, all.length) })
        }
  return all
}

const place = (all: readonly Sample[]) => explain(all)?.where.map(({ axis, value }) => `${axis}=${value}`)

/** The same numbers from 0 to 1 for the same seed. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

test('one value that has all the trouble is named, with the counts', () => {
  const found = explain(samples(2, ({ release }) => release === '12'))
  expect(found).toMatchObject({
    where: [{ axis: 'release', value: '12' }],
    inside: { bad: 12, total: 12 },
    outside: { bad: 0, total: 36 },
  })
  expect(found?.chance).toBeLessThan(1e-6)
})

test('it is named also when only most of the trouble is there', () => {
  const next = numbers(3)
  expect(place(samples(5, ({ platform }) => next() < (platform === 'azure' ? 0.6 : 0.05)))).toEqual(['platform=azure'])
})

test('two values together are named when neither explains it alone', () => {
  const both = ({ platform, boot }: Record<string, string>) => platform === 'ec2' && boot === 'bios'
  expect(place(samples(4, both))).toEqual(['platform=ec2', 'boot=bios'])
})

test('trouble everywhere, nowhere or at random has no place', () => {
  expect(explain(samples(3, () => true))).toBeUndefined()
  expect(explain(samples(3, () => false))).toBeUndefined()
  expect(explain([])).toBeUndefined()
  expect(explain(samples(1, (_, index) => index === 5)), 'one failure is no pattern').toBeUndefined()
  let named = 0
  for (let seed = 1; seed <= 200; seed++) {
    const next = numbers(seed * 7919)
    if (explain(samples(3, () => next() < 0.2))) named++
  }
  // Accidents are named in at most one of twenty.
  expect(named).toBeLessThanOrEqual(10)
})

test('of axes that split alike the first is named', () => {
  const all = samples(2, ({ release }) => release === '12').map(({ axes, bad }) => ({
    axes: { ...axes, image: `debian-${axes['release']}` },
    bad,
  }))
  expect(place(all)).toEqual(['release=12'])
})

test("the chance is that of Fisher's exact test", () => {
  // The tea of a lady: four of eight, all found.
  expect(atLeast(4, 4, 4, 8)).toBeCloseTo(1 / 70, 12)
  expect(atLeast(3, 4, 4, 8)).toBeCloseTo(17 / 70, 12)
  expect(atLeast(0, 4, 4, 8)).toBeCloseTo(1, 12)
  expect(atLeast(5, 10, 8, 5000)).toBeGreaterThan(0)
})
