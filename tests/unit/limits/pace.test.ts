import { expect, test } from 'vitest'
import { CleanupError, PlatformError } from '../../../src/core/errors.ts'
import { isThrottled, Pace } from '../../../src/limits/pace.ts'

const refusal = () => new PlatformError('throttled', 'slow down')

/** A pace whose waits are short and whose jitter is none. */
const quick = () => new Pace({ firstWaitMs: 4, longestWaitMs: 16, random: () => 0.5 })

test('a refused call is made again, and the caller does not see it', async () => {
  const pace = quick()
  const waits: number[] = []
  let calls = 0
  const value = await pace.call(
    async () => {
      if (++calls <= 4) throw refusal()
      return 'made'
    },
    { onSlowDown: ({ waitMs }) => waits.push(waitMs) },
  )
  expect({ value, calls, waits }).toEqual({ value: 'made', calls: 5, waits: [4, 8, 16, 16] })
})

test('any other error is the caller’s', async () => {
  const failure = new PlatformError('capacity', 'nothing left')
  await expect(quick().call(() => Promise.reject(failure))).rejects.toBe(failure)
})

test('a refusal halves the cells at the same time, however many calls it hits; successes let in more', async () => {
  const pace = quick()
  const leave = Array.from({ length: 8 }, () => pace.enter())
  expect(pace.holdMs).toBe(0)
  const changes: number[] = []
  let refusing = true
  const all = Array.from({ length: 8 }, () =>
    pace.call(
      async () => {
        await Promise.resolve()
        if (refusing) throw refusal()
      },
      {
        onSlowDown: ({ cells }) => {
          refusing = false
          changes.push(cells)
        },
      },
    ),
  )
  await Promise.all(all)
  expect(changes).toEqual([4])
  // eight successes after it: 4 + 1/4 + 1/4.25 + ...
  expect(pace.most).toBeGreaterThan(5)
  expect(pace.most).toBeLessThan(6)
  expect(pace.holdMs).toBeGreaterThan(0)
  for (const one of leave) one()
  expect(pace.holdMs).toBe(0)
})

test('it never goes below one cell', async () => {
  const pace = quick()
  const cells: number[] = []
  let left = 3
  await pace.call(
    async () => {
      if (left-- > 0) throw refusal()
    },
    { onSlowDown: (change) => cells.push(change.cells) },
  )
  expect(cells).toEqual([1, 1, 1])
})

test('a cancelled wait ends with the refusal', async () => {
  const cancel = new AbortController()
  const pace = new Pace({ firstWaitMs: 60_000 })
  const call = pace.call(() => Promise.reject(refusal()), { signal: cancel.signal, onSlowDown: () => cancel.abort() })
  await expect(call).rejects.toMatchObject({ kind: 'throttled' })
})

test('a cleanup that was refused is recognised by its cause', () => {
  expect(isThrottled(new CleanupError('could not be removed', { cause: refusal() }))).toBe(true)
  expect(isThrottled(new CleanupError('could not be removed', { cause: new Error('no') }))).toBe(false)
})
