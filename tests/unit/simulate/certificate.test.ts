import { request } from 'node:https'
import { expect, test } from 'vitest'
import { makeCertificate } from '../../../src/simulate/certificate.ts'
import { serve } from '../../../src/simulate/serve.ts'

test('a client that trusts the certificate, and no other, speaks https', async () => {
  const tls = await makeCertificate()
  await using served = await serve(async () => ({ status: 200, body: 'safe' }), { tls })
  const ask = (ca?: string) =>
    new Promise<string>((resolve, reject) => {
      const outgoing = request(served.endpoint, { ...(ca ? { ca } : {}), agent: false }, (answer) => {
        answer.on('data', (chunk: Buffer) => resolve(chunk.toString()))
      })
      outgoing.on('error', reject)
      outgoing.end()
    })
  expect(await ask(tls.cert)).toBe('safe')
  await expect(ask()).rejects.toThrow('self-signed')
})
