import { expect, test } from 'vitest'
import { WorkerPool } from '../../../../src/platforms/lxd/worker-pool.ts'

test('commands that wait for a shell learn at once that the line is closed', async () => {
  const pool = new WorkerPool(() => new Promise(() => undefined))
  const waiting = [1, 2, 3].map(() => pool.acquire(new AbortController().signal))
  pool.close()
  const ends = await Promise.allSettled(waiting)
  expect(ends).toMatchObject([1, 2, 3].map(() => ({ status: 'rejected', reason: { reason: 'lost' } })))
  await expect(pool.acquire(new AbortController().signal)).rejects.toMatchObject({ reason: 'lost' })
})
