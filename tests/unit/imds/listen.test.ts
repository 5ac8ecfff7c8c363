import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CLOUDS } from '../../../src/imds/clouds.ts'
import { connectControl, listenForControl } from '../../../src/imds/control.ts'
import type { CloudName } from '../../../src/imds/cloud.ts'
import { newDocument } from '../../../src/imds/document.ts'
import type { Fault } from '../../../src/imds/faults.ts'
import { ImdsService } from '../../../src/imds/imds-service.ts'
import { listen } from '../../../src/imds/listen.ts'

async function served<T>(
  cloud: CloudName,
  faults: Fault[],
  work: (place: { service: ImdsService; socketPath: string; control: string }) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'imds-test-'))
  const service = new ImdsService(CLOUDS[cloud], newDocument(CLOUDS[cloud], 'a', { userData: '#cloud-config\n{}\n' }), {
    faults,
  })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true }))
  const place = { service, socketPath: join(folder, 's'), control: join(folder, 'c') }
  stack.use(await listen(service, 'metadata', { path: place.socketPath }))
  stack.use(await listenForControl(service, place.control))
  return await work(place)
}

function ask(
  socketPath: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false },
      (incoming) => {
        let text = ''
        incoming.on('data', (chunk: Buffer) => (text += chunk.toString()))
        incoming.on('error', reject)
        incoming.on('end', () =>
          incoming.complete ? resolve({ status: incoming.statusCode ?? 0, text }) : reject(new Error('cut short')),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(options.body)
  })
}

it('answers over a socket and remembers what was asked, without secrets', async () => {
  await served('nocloud-net', [], async ({ service, socketPath }) => {
    expect(await ask(socketPath, '/nocloud/user-data', { headers: { 'user-agent': 'curl' } })).toEqual({
      status: 200,
      text: '#cloud-config\n{}\n',
    })
    expect(service.exchanges).toMatchObject([
      { number: 1, method: 'GET', path: '/nocloud/user-data', status: 200, bytes: 17, userAgent: 'curl' },
    ])
    expect((await ask(socketPath, '/nocloud/user-data', { method: 'HEAD' })).text).toBe('')
    expect((await ask(socketPath, '/%E0%A4%A')).status).toBe(400)
    expect(
      (await ask(socketPath, '/x', { method: 'POST', body: 'x'.repeat(2_000_000) }).catch(() => ({ status: 400 })))
        .status,
    ).toBe(400)
    expect((await ask(socketPath, '/nocloud/user-data')).status).toBe(200)
  })
})

it.each([
  ['reset', { kind: 'reset' }, /reset|hang up/],
  ['truncate', { kind: 'truncate' }, /cut short|aborted/],
] as const)('%s cuts the connection', async (_name, fault, message) => {
  await served('nocloud-net', [{ ...fault, times: 1 }], async ({ service, socketPath }) => {
    await expect(ask(socketPath, '/nocloud/user-data')).rejects.toThrow(message)
    expect((await ask(socketPath, '/nocloud/user-data')).status).toBe(200)
    expect(service.exchanges.map((one) => one.fault)).toEqual([fault.kind, undefined])
  })
})

it('malformed answers are no answers, errors have their status, slow ones come in the end', async () => {
  await served(
    'digitalocean',
    [
      { kind: 'malformed', times: 1 },
      { kind: 'status', status: 429, skip: 1, times: 1 },
      { kind: 'slow', delayMs: 1, skip: 2, times: 1 },
    ],
    async ({ socketPath }) => {
      const first = await ask(socketPath, '/metadata/v1.json')
      expect(first.status).toBe(200)
      expect(() => JSON.parse(first.text) as unknown).toThrow(SyntaxError)
      expect((await ask(socketPath, '/metadata/v1.json')).status).toBe(429)
      expect(JSON.parse((await ask(socketPath, '/metadata/v1.json')).text)).toMatchObject({ hostname: 'guest' })
    },
  )
})

it('what hangs ends when the service does', async () => {
  await served('nocloud-net', [{ kind: 'hang' }], async ({ socketPath }) => {
    void ask(socketPath, '/nocloud/user-data').catch(() => undefined)
    await expect.poll(() => true).toBe(true)
  })
})

it('is changed and read over its control socket', async () => {
  await served('ec2', [], async ({ service, control }) => {
    const imds = connectControl(control)
    await imds.change({ hostname: 'other' })
    expect(service.document.hostname).toBe('other')
    await expect(imds.change({ hostname: '-' })).rejects.toThrow('bad instance document')
    await imds.setFaults([{ kind: 'reset' }])
    expect((await imds.state()).faults).toEqual([{ kind: 'reset' }])
    await imds.forget()
    expect((await imds.state()).dmi.sys_vendor).toBe('Amazon EC2')
  })
  await expect(connectControl('/nowhere/socket').state()).rejects.toMatchObject({
    name: 'PlatformError',
    kind: 'not-found',
  })
})
