import { expect, test } from 'vitest'
import { runScheduled } from '../../../src/runner/schedule/schedule.ts'
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

test('the shortest cells begin last, as many as there are places; the others keep their order', async () => {
  using folder = testFolder()
  const seconds = [3, 9, undefined, 2, 8, 1]
  const images = seconds.map((_, index) => `image-${index}`)
  const run = await fakeRun(folder.path, {
    images,
    concurrency: 2,
    expectedSeconds: ({ image }) => seconds[images.indexOf(image)],
  })
  const started = run.of('cell-started').map(({ cell }) => images.indexOf(cell.split('/')[1] ?? ''))
  // Two begin at the same time, so their order tells nothing.
  const pairs = [0, 2, 4].map((at) => new Set(started.slice(at, at + 2)))
  expect(pairs).toEqual([new Set([0, 1]), new Set([2, 4]), new Set([3, 5])])
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
