import { describe, expect, it } from 'vitest'
import { CancelledError, ConfigError, TransportError, WaitTimeoutError } from '../../../src/core/errors.ts'
import { pause, waitUntil } from '../../../src/core/wait-until.ts'

const quick = { what: 'the door', deadlineMs: 200, intervalMs: 5, maxIntervalMs: 10 }

describe('waitUntil', () => {
  it('gives the value of the first attempt that is done', async () => {
    let calls = 0
    const value = await waitUntil(quick, async () =>
      ++calls < 3 ? { done: false, saw: 'shut' } : { done: true, value: calls },
    )
    expect(value).toBe(3)
  })

  it('gives up at the deadline and says what it saw, most frequent first', async () => {
    let calls = 0
    const waiting = waitUntil(quick, async () => ({ done: false, saw: ++calls === 1 ? 'locked' : 'shut' }))
    await expect(waiting).rejects.toThrow(/^gave up waiting for the door after 0\.\d s; saw \d+x shut, 1x locked$/)
    await expect(waiting).rejects.toBeInstanceOf(WaitTimeoutError)
  })

  it('cuts off an attempt that never answers', async () => {
    await expect(waitUntil({ ...quick, deadlineMs: 50 }, () => new Promise(() => {}))).rejects.toThrow(
      /no attempt answered/,
    )
  })

  it('counts a retryable error as not yet, and throws any other at once', async () => {
    const refused = waitUntil(quick, async () => {
      throw new TransportError('refused', 'connection refused')
    })
    await expect(refused).rejects.toThrow(/x connection refused/)
    const wrong = waitUntil(quick, async () => {
      throw new ConfigError('no such door')
    })
    await expect(wrong).rejects.toBeInstanceOf(ConfigError)
  })

  it('stops when the caller cancels, also in the middle of an attempt', async () => {
    const controller = new AbortController()
    const waiting = waitUntil({ ...quick, deadlineMs: 60_000, signal: controller.signal }, () => new Promise(() => {}))
    controller.abort()
    await expect(waiting).rejects.toBeInstanceOf(CancelledError)
  })
})

describe('pause', () => {
  it('ends early when the signal fires, without rejecting', async () => {
    const controller = new AbortController()
    const waiting = pause(60_000, controller.signal)
    controller.abort()
    await expect(waiting).resolves.toBeUndefined()
  })
})
