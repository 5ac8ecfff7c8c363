import { expect, test } from 'vitest'
import { LxdClient } from '../../../../src/platforms/lxd/client.ts'
import { accept, answer, fakeDaemon, hangUp, refuse, silent } from './fake-daemon.ts'

type Routes = Parameters<typeof fakeDaemon>[0]

async function withDaemon<T>(
  routes: Routes,
  work: (client: LxdClient, seen: string[]) => Promise<T>,
  project?: string,
) {
  await using daemon = await fakeDaemon(routes)
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath }, project)
  try {
    return await work(client, daemon.seen)
  } finally {
    client.close()
  }
}

test('gives the metadata of an answer, and asks in its project', async () => {
  await withDaemon(
    { 'GET /1.0/x': answer({ a: 1 }) },
    async (client, seen) => {
      expect(await client.get('/1.0/x', { query: { recursion: '1' } })).toEqual({ a: 1 })
      expect(await client.inProject('other').get('/1.0/x')).toEqual({ a: 1 })
      expect(seen).toEqual(['GET /1.0/x?project=ci&recursion=1', 'GET /1.0/x?project=other'])
    },
    'ci',
  )
})

test('an error answer is a PlatformError of its kind', async () => {
  await withDaemon({ 'GET /1.0/x': refuse(403, 'not authorized') }, async (client) => {
    await expect(client.get('/1.0/x')).rejects.toMatchObject({ name: 'PlatformError', kind: 'auth' })
    await expect(client.open('/1.0/y')).rejects.toMatchObject({ kind: 'not-found' })
  })
})

test('waits for an operation, and its failure is an error', async () => {
  const routes: Routes = {
    'POST /1.0/good': accept('g'),
    'GET /1.0/operations/g/wait': answer({ id: 'g', status: 'Success', status_code: 200, metadata: { done: 'yes' } }),
    'POST /1.0/bad': accept('b'),
    'GET /1.0/operations/b/wait': answer({
      id: 'b',
      status: 'Failure',
      status_code: 400,
      err: 'No space left on device',
    }),
    'POST /1.0/slow': accept('s'),
    'GET /1.0/operations/s/wait': answer({ id: 's', status: 'Running', status_code: 103 }),
  }
  await withDaemon(routes, async (client) => {
    expect((await client.operate('POST', '/1.0/good', { json: {} }))?.metadata).toEqual({ done: 'yes' })
    await expect(client.operate('POST', '/1.0/bad', { json: {} })).rejects.toMatchObject({ kind: 'capacity' })
    await expect(client.operate('POST', '/1.0/slow', { json: {} })).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
    })
  })
})

test('a daemon that does not answer is unavailable after the deadline', async () => {
  await withDaemon({ 'GET /1.0/x': silent }, async (client) => {
    await expect(client.get('/1.0/x', { deadlineMs: 30.5 })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('did not finish GET /1.0/x'),
    })
  })
})

test('a cancelled call says so, and cancels its operation', async () => {
  const controller = new AbortController()
  const routes: Routes = {
    'POST /1.0/slow': accept('s'),
    'GET /1.0/operations/s/wait': () => controller.abort(),
    'DELETE /1.0/operations/s': answer(null),
  }
  await withDaemon(routes, async (client, seen) => {
    const call = client.operate('POST', '/1.0/slow', { json: {} }, { signal: controller.signal })
    await expect(call).rejects.toMatchObject({ name: 'CancelledError' })
    expect(seen.at(-1)).toBe('DELETE /1.0/operations/s')
  })
})

test('a kept connection that the daemon closed is opened anew once', async () => {
  let calls = 0
  const flaky: Routes[string] = (request, response, body) => {
    calls += 1
    if (calls === 2) hangUp(request, response, body)
    else answer(calls)(request, response, body)
  }
  await withDaemon({ 'GET /1.0/x': flaky }, async (client) => {
    expect(await client.get('/1.0/x')).toBe(1)
    expect(await client.get('/1.0/x')).toBe(3)
  })
})

test('a new connection that breaks is unavailable', async () => {
  await withDaemon({ 'GET /1.0/x': hangUp }, async (client) => {
    await expect(client.get('/1.0/x')).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

test('an answer that is not JSON is told, not crashed on', async () => {
  await withDaemon(
    { 'GET /1.0/x': (_, response) => void response.writeHead(502).end('<html>proxy') },
    async (client) => {
      await expect(client.get('/1.0/x')).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('<html>proxy'),
      })
    },
  )
})
