import { gzipSync } from 'node:zlib'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changesSince, entriesBetween, parseChangelog } from '../../../src/inspect/changelog.ts'

const TEXT = `openssl (3.5.1-1+deb13u2) trixie-security; urgency=high

  * CVE-2026-11111 (out of bounds read), CVE-2026-22222
  * again CVE-2026-11111

 -- A <a@example.com>  Mon, 02 Nov 2026 10:00:00 +0000

openssl (3.5.1-1+deb13u1) trixie; urgency=medium

  * Fix CVE-2025-33333.

 -- A <a@example.com>  Mon, 02 Feb 2026 10:00:00 +0000

openssl (3.5.1-1) unstable; urgency=medium

  * New. CVE-2024-44444

 -- A <a@example.com>  Mon, 02 Jun 2025 10:00:00 +0000
`

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'inspect-root-'))
})
afterEach(() => rm(root, { recursive: true }))

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true })
  await writeFile(join(root, path), gzipSync(text))
}

test('what was fixed is what stands between the two versions, without the older one', () => {
  const entries = parseChangelog(TEXT)
  expect(entries[0]).toEqual({
    version: '3.5.1-1+deb13u2',
    suite: 'trixie-security',
    urgency: 'high',
    cves: ['CVE-2026-11111', 'CVE-2026-22222'],
  })
  const between = entriesBetween(entries, '3.5.1-1+deb13u2', '3.5.1-1')
  expect(between?.flatMap(({ cves }) => cves)).toEqual(['CVE-2026-11111', 'CVE-2026-22222', 'CVE-2025-33333'])
})

test('a changelog that does not know both versions says nothing', () => {
  const entries = parseChangelog(TEXT)
  expect(entriesBetween(entries, '3.5.1-1+deb13u2', '3.0.0-1')).toBeUndefined()
  expect(entriesBetween(entries, '9.9', '3.5.1-1')).toBeUndefined()
  // a step back fixes nothing
  expect(entriesBetween(entries, '3.5.1-1', '3.5.1-1+deb13u2')).toBeUndefined()
  expect(entriesBetween(entries, '3.5.1-1+b1', '3.5.1-1')).toEqual([])
})

test('it is read from the image, through links that stay inside', async () => {
  await put('usr/share/doc/openssl/changelog.Debian.gz', TEXT)
  await symlink('openssl', join(root, 'usr/share/doc/libssl3'))
  const entries = await changesSince({ root }, 'libssl3', '3.5.1-1+deb13u2', '3.5.1-1+deb13u1')
  expect(entries?.map(({ version }) => version)).toEqual(['3.5.1-1+deb13u2'])
  expect(await changesSince({ root }, 'nothing', '2', '1')).toBeUndefined()
})

test('a link that leads out of the image leads nowhere', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'inspect-outside-'))
  try {
    await writeFile(join(outside, 'changelog.Debian.gz'), gzipSync(TEXT))
    await mkdir(join(root, 'usr/share/doc'), { recursive: true })
    await symlink(outside, join(root, 'usr/share/doc/openssl'))
    expect(await changesSince({ root }, 'openssl', '3.5.1-1+deb13u2', '3.5.1-1')).toBeUndefined()
  } finally {
    await rm(outside, { recursive: true })
  }
})
