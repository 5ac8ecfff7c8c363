import { createServer } from 'node:https'
import { request } from 'node:http'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import { digestOf } from '../../../src/publish/digest.ts'
import { testServer } from '../../unit/serve/test-server.ts'
import { submission } from '../../unit/archive/test-archive.ts'
import { whyNoLxd } from '../lxd/open-lxd.ts'

const missing = await whyNoLxd()
const hasClient = (await probeHost(['lxc', 'version'], { deadlineMs: 20_000 }).catch(() => undefined))?.exitCode === 0
const why = missing ?? (hasClient ? undefined : 'there is no lxc client: apt-get install lxd')

/** What a proxy does that stands before the server: it speaks TLS, and the server does not. */
async function behindTls(url: string, folder: string) {
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  await runHost(
    [
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      ...subject,
    ],
    {
      deadlineMs: 60_000,
    },
  )
  const target = new URL(url)
  const proxy = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (asked, answer) => {
    const onward = request(
      { host: target.hostname, port: target.port, path: asked.url, method: asked.method, headers: asked.headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(answer)
      },
    )
    asked.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cert,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}

describe.skipIf(why !== undefined)(`simplestreams${why === undefined ? '' : ` (${why})`}`, () => {
  test('a real client of LXD lists the images, finds them by alias and downloads one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'streams-test-'))
    try {
      await using s = await testServer()
      // An image that is small, and whole: the metadata that LXD wants, and a root file system with one file.
      writeFileSync(
        join(folder, 'metadata.yaml'),
        'architecture: x86_64\ncreation_date: 1763640000\nproperties: {os: debian, release: "13"}\n',
      )
      await runHost(['tar', '-C', folder, '-cJf', join(folder, 'metadata.tar.xz'), 'metadata.yaml'], {
        deadlineMs: 60_000,
      })
      await runHost(
        ['mksquashfs', join(folder, 'metadata.yaml'), join(folder, 'rootfs.squashfs'), '-quiet', '-no-progress'],
        { deadlineMs: 60_000 },
      )
      const added = await s.t.archive.images.add(join(folder, 'metadata.tar.xz'), join(folder, 'rootfs.squashfs'))
      await s.t.archive.accept(submission(s.t.keys.alice, { cell: { digest: added.digest } }))
      await using tls = await behindTls(s.url, folder)
      mkdirSync(join(folder, 'conf'))
      const env = {
        ...process.env,
        LXD_CONF: join(folder, 'conf'),
        SSL_CERT_FILE: tls.cert,
        LXD_DIR: process.env.LXD_DIR ?? '/var/lib/harness/lxd',
      }
      const lxc = (...args: string[]) => runHost(['lxc', ...args], { deadlineMs: 120_000, env })
      await lxc('remote', 'add', 'results', tls.url, '--protocol', 'simplestreams')
      const listed = JSON.parse(await lxc('image', 'list', 'results:', '--format', 'json')) as {
        fingerprint: string
        aliases: { name: string }[]
        properties: Record<string, string>
      }[]
      expect(listed).toHaveLength(1)
      expect(listed[0]).toMatchObject({
        fingerprint: added.digest.slice(7),
        properties: { os: 'debian', release: '13', serial: '20261120' },
      })
      expect(listed[0]?.aliases.map(({ name }) => name)).toEqual(expect.arrayContaining(['debian-13', 'debian/13']))
      expect(await lxc('image', 'info', 'results:debian/13')).toContain(added.digest.slice(7))
      // The client checks what it downloads against the digests of the index.
      await lxc('image', 'export', 'results:debian-13', join(folder, 'exported'))
      const [metadata, rootfs] = ['exported', 'exported.root'].map((name) => readFileSync(join(folder, name)))
      expect(digestOf(Buffer.concat([metadata ?? Buffer.of(), rootfs ?? Buffer.of()]))).toBe(added.digest)
      expect(s.errors).toEqual([])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
