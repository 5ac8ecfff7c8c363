import { expect, test } from 'vitest'
import { type Admission, type Entry, runScheduled } from '../../../src/runner/schedule/schedule.ts'

interface Item {
  name: string
  lane: string
}

const items = (...names: string[]): Item[] => names.map((name) => ({ name, lane: name.slice(0, 1) }))

/** An admission that answers as told, and remembers who asked and who left. */
function gate(answer: (item: Item) => 'in' | { waitMs: number } | { refused: string }) {
  const asked: string[] = []
  const left: string[] = []
  const admission: Admission<Item, string> = {
    lane: ({ lane }) => lane,
    enter: async (item): Promise<Entry<string>> => {
      asked.push(item.name)
      const said = answer(item)
      return said === 'in' ? { leave: async (end) => void left.push(end) } : said
    },
    refuse: ({ name }, reason) => `${name} refused: ${reason}`,
  }
  return { admission, asked, left }
}

const work = async ({ name }: Item) => ({ end: Promise.resolve(`${name} done`) })

test('a lane that must wait does not hold up another, and keeps its order', async () => {
  let open = false
  const begun: string[] = []
  const { admission, left } = gate(({ lane }) => (lane === 'a' && !open ? { waitMs: 5 } : 'in'))
  const ends = await runScheduled(
    items('a1', 'a2', 'b1', 'b2'),
    1,
    async (item) => {
      begun.push(item.name)
      if (item.name === 'b2') open = true
      return await work(item)
    },
    admission,
  )
  expect(begun).toEqual(['b1', 'b2', 'a1', 'a2'])
  expect(ends).toEqual(['a1 done', 'a2 done', 'b1 done', 'b2 done'])
  expect(left).toEqual(['b1 done', 'b2 done', 'a1 done', 'a2 done'])
})

test('items begin in their order, across lanes', async () => {
  const { admission } = gate(() => 'in')
  const begun: string[] = []
  await runScheduled(
    items('a1', 'b1', 'a2', 'b2', 'a3'),
    2,
    async (item) => {
      begun.push(item.name)
      return await work(item)
    },
    admission,
  )
  expect(begun).toEqual(['a1', 'b1', 'a2', 'b2', 'a3'])
})

test('who is refused ends without work', async () => {
  const { admission } = gate(({ name }) => (name === 'a2' ? { refused: 'no money' } : 'in'))
  const begun: string[] = []
  const ends = await runScheduled(
    items('a1', 'a2', 'a3'),
    3,
    async (item) => {
      begun.push(item.name)
      return await work(item)
    },
    admission,
  )
  expect(begun).toEqual(['a1', 'a3'])
  expect(ends).toEqual(['a1 done', 'a2 refused: no money', 'a3 done'])
})

test('what an item holds is given back when everything of it is gone, and the next is let in then', async () => {
  let held = 0
  let most = 0
  const releases: (() => void)[] = []
  const admission: Admission<Item, string> = {
    lane: () => '',
    enter: () => {
      if (held >= 2) return { waitMs: 60_000 }
      most = Math.max(most, ++held)
      return { leave: async () => void held-- }
    },
    refuse: () => '',
  }
  const all = runScheduled(
    items('a', 'b', 'c', 'd', 'e'),
    5,
    async () => ({ end: new Promise<string>((resolve) => releases.push(() => resolve('gone'))) }),
    admission,
  )
  for (let count = 2; count <= 5; count++) {
    await expect.poll(() => releases.length).toBe(count)
    releases[count - 2]?.()
  }
  releases[4]?.()
  expect(await all).toHaveLength(5)
  expect(most).toBe(2)
})

test('nobody is asked for while all places are taken', async () => {
  const { admission, asked } = gate(() => 'in')
  const release: (() => void)[] = []
  const all = runScheduled(
    items('a1', 'a2'),
    1,
    async (item) => {
      await new Promise<void>((resolve) => release.push(resolve))
      return await work(item)
    },
    admission,
  )
  await expect.poll(() => release.length).toBe(1)
  expect(asked).toEqual(['a1'])
  release[0]?.()
  await expect.poll(() => release.length).toBe(2)
  release[1]?.()
  await all
  expect(asked).toEqual(['a1', 'a2'])
})
