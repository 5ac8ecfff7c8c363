import { X509Certificate } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { openClient } from '../../../src/setup/daemon.ts'
import type { LxdSettings } from '../../../src/setup/settings.ts'

export interface Remote {
  /** For `openPlatform('lxd', ...)`. */
  options: { url: string; clientCert: string; clientKey: string; serverCert: string }
  /** A pair that neither side has seen before. */
  foreignCert: string
  foreignKey: string
}

/** Lets a private daemon serve https on loopback to one new client. */
export async function openRemote(settings: LxdSettings, folder: string): Promise<Remote> {
  mkdirSync(folder, { mode: 0o700 })
  const own = certificate(folder, 'client')
  const foreign = certificate(folder, 'foreign')
  const address = `127.0.0.1:${await freePort()}`
  const client = openClient(settings.socket)
  await client.call('PATCH', '/1.0', { json: { config: { 'core.https_address': address } } })
  const der = new X509Certificate(readFileSync(own.cert)).raw.toString('base64')
  await client.call('POST', '/1.0/certificates', { json: { type: 'client', name: 'test', certificate: der } })
  client.close()
  return {
    options: {
      url: `https://${address}`,
      clientCert: own.cert,
      clientKey: own.key,
      serverCert: join(settings.dir, 'server.crt'),
    },
    foreignCert: foreign.cert,
    foreignKey: foreign.key,
  }
}

function certificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1']
  const args = ['req', '-x509', ...curve, '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert]
  execFileSync('openssl', args, { stdio: 'ignore' })
  return { cert, key }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
