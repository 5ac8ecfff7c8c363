import { afterEach, expect, test, vi } from 'vitest'
import { Asked } from '../../../src/platforms/asked.ts'

afterEach(() => void vi.useRealTimers())

/** Counts, and says which question it answers. */
function counting() {
  let asked = 0
  return { asked: new Asked(async () => ++asked), times: () => asked }
}

test('within a moment one question is asked, afterwards another', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const { asked, times } = counting()
  expect(await Promise.all([asked.now(), asked.now()])).toEqual([1, 1])
  vi.advanceTimersByTime(900)
  expect(await asked.now()).toBe(1)
  vi.advanceTimersByTime(200)
  expect(await asked.now()).toBe(2)
  expect(times()).toBe(2)
})

test('after a change it is asked again, and what was learned otherwise is believed', async () => {
  const { asked, times } = counting()
  expect(await asked.now()).toBe(1)
  asked.forget()
  expect(await asked.now()).toBe(2)
  asked.note(Promise.resolve(7))
  expect(await asked.now()).toBe(7)
  expect(times()).toBe(2)
})

test('a failure is not remembered', async () => {
  let fails = true
  const asked = new Asked(async () => {
    if (fails) throw new Error('no')
    return 'yes'
  })
  await expect(asked.now()).rejects.toThrow('no')
  fails = false
  expect(await asked.now()).toBe('yes')
})

test('that there is nothing is asked again: it may only be too new', async () => {
  const answers = [undefined, 'there']
  const asked = new Asked(async () => answers.shift())
  expect(await asked.now()).toBeUndefined()
  expect(await asked.now()).toBe('there')
})
