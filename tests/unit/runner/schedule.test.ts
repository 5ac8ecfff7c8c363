import { expect, test } from 'vitest'
import { runScheduled } from '../../../src/runner/schedule.ts'
import { fakeRun, testFolder } from './fake-run.ts'

test('a place is free when work is judged, and the end waits for what goes on behind it', async () => {
  let running = 0
  let most = 0
  const released: (() => void)[] = []
  const all = runScheduled([1, 2, 3, 4], 2, async (item) => {
    most = Math.max(most, ++running)
    await Promise.resolve()
    running--
    const end = new Promise<number>((resolve) => released.push(() => resolve(item)))
    return { end }
  })
  await expect.poll(() => released.length).toBe(4)
  for (const release of released) release()
  expect(await all).toEqual([1, 2, 3, 4])
  expect(most).toBe(2)
})

test('cells that take longest begin first, and those nobody has measured before them', async () => {
  using folder = testFolder()
  const seconds = new Map([
    ['image-1', 3],
    ['image-2', 9],
    ['image-4', 3],
  ])
  const images = ['image-1', 'image-2', 'image-3', 'image-4']
  const run = await fakeRun(folder.path, {
    images,
    concurrency: 1,
    expectedSeconds: ({ image }) => seconds.get(image),
  })
  const imageOf = (cell: string) => cell.split('/')[1]
  expect(run.of('cell-started').map(({ cell }) => imageOf(cell))).toEqual(['image-3', 'image-2', 'image-1', 'image-4'])
  // Reports tell the cells in the order of the plan.
  expect(run.of('run-started')[0]?.cells.map(({ image }) => image)).toEqual(images)
})

test('500 cells, 50 at a time, all pass and leave nothing', { timeout: 120_000 }, async () => {
  using folder = testFolder()
  const images = Array.from({ length: 500 }, (_, index) => `image-${index + 1}`)
  let running = 0
  let most = 0
  const run = await fakeRun(folder.path, {
    images,
    concurrency: 50,
    onEvent: (event) => {
      if (event.type === 'cell-started') most = Math.max(most, ++running)
      if (event.type === 'step-started' && event.step === 'destroy') running--
    },
  })
  expect(run.ends.filter(({ status }) => status === 'pass')).toHaveLength(500)
  expect(most).toBeGreaterThan(25)
  expect(most).toBeLessThanOrEqual(50)
  expect(run.exitCode).toBe(0)
})
