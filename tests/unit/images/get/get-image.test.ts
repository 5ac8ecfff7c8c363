import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CatalogueEntry } from '../../../../src/images/get/catalogue.ts'
import type { GetOptions } from '../../../../src/images/get/get-image.ts'
import { getEntry, getImage } from '../../../../src/images/get/get-image.ts'
import { imageBytes, publisherTexts } from '../../../fixtures/openpgp/publisher-files.ts'
import type { Publisher } from './publisher.ts'
import { FIXTURES, filesEntry, fixture, startPublisher, streamEntry } from './publisher.ts'

let dir: string
let publisher: Publisher
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'images-get-'))
  vi.stubEnv('HARNESS_CACHE_DIR', join(dir, 'cache'))
  vi.stubEnv('XDG_CONFIG_HOME', join(dir, 'config'))
  publisher = await startPublisher()
  publisher.routes.set('/SHA256SUMS', await fixture('SHA256SUMS'))
  publisher.routes.set('/SHA256SUMS.gpg', await fixture('SHA256SUMS.gpg'))
  publisher.routes.set('/test-1-amd64.qcow2', imageBytes())
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await publisher[Symbol.asyncDispose]()
  await rm(dir, { recursive: true })
})

const get = (entry: CatalogueEntry, options: GetOptions = {}) =>
  getEntry(entry, { transport: { stallMs: 300, retryMs: 5 }, signal: AbortSignal.timeout(20_000), ...options })
const downloads = () => readdir(join(dir, 'cache', 'downloads'), { recursive: true })

test('the fixtures are about these bytes', async () => {
  expect((await fixture('SHA256SUMS')).toString()).toBe(publisherTexts()['SHA256SUMS'])
})

test('an image is downloaded once, checked, and asked for by name afterwards', async () => {
  const image = await get(filesEntry(publisher.url))
  expect(await readFile(image.path)).toEqual(imageBytes())
  expect(image).toMatchObject({ name: 'test-1', kind: 'disk', signedBy: expect.stringMatching(/^[0-9A-F]{40}$/) })
  expect((await readdir(join(image.dir, '..'))).filter((name) => name.startsWith('.'))).toEqual([])
  publisher.requests.length = 0
  expect((await get(filesEntry(publisher.url))).path).toBe(image.path)
  expect(publisher.requests).toEqual(['GET /SHA256SUMS', 'GET /SHA256SUMS.gpg'])
  publisher.requests.length = 0
  expect((await get(filesEntry(publisher.url), { maxAgeMs: 60_000 })).path).toBe(image.path)
  expect(publisher.requests).toEqual([])
})

test('when the publisher cannot be reached, the newest image here is used, with a warning', async () => {
  const entry = filesEntry(publisher.url)
  const image = await get(entry)
  await publisher[Symbol.asyncDispose]()
  const lines: string[] = []
  const again = await get(entry, { onProgress: (line) => lines.push(line) })
  expect(again.path).toBe(image.path)
  expect(lines.join('\n')).toMatch(/warning: .*using the image of/)
})

describe('what is not signed as it should be is refused before the image is asked for', () => {
  const refused = async (changes: Parameters<typeof filesEntry>[1], signature: string | undefined, why: RegExp) => {
    if (signature === undefined) publisher.routes.delete('/SHA256SUMS.gpg')
    else publisher.routes.set('/SHA256SUMS.gpg', await fixture(signature))
    await expect(get(filesEntry(publisher.url, changes))).rejects.toMatchObject({
      name: 'DownloadError',
      reason: 'signature',
      message: expect.stringMatching(why),
    })
    expect(publisher.requests.filter((line) => line.includes('qcow2'))).toEqual([])
  }
  test('a signature for something else', () => refused({}, 'SHA256SUMS.bad', /the signature is bad/))
  test('a foreign signature', () => refused({}, 'SHA256SUMS.foreign', /signed by a key that is not trusted/))
  test('an expired signature', () => refused({}, 'SHA256SUMS.expired', /the signature has expired/))
  test('no signature', () => refused({}, undefined, /there is no signature at/))
  test('something that is no signature', () => refused({}, 'SHA256SUMS', /cannot be checked|no signature in it/))
  test('the signature of an expired key', () =>
    refused(
      { trust: { name: 'test', files: [join(FIXTURES, 'old.asc')], bring: 'x' } },
      'SHA256SUMS.old-key',
      /the key of the signature has expired/,
    ))
  test('a publisher who signs nothing', () =>
    refused({ signature: { kind: 'none', why: 'he never did' } }, 'SHA256SUMS.gpg', /is not signed: he never did/))
})

test('without keys nothing can be checked, and it is said what would bring them', async () => {
  const entry = filesEntry(publisher.url, {
    trust: { name: 'test', files: ['/no/such/key'], bring: 'apt-get install k' },
  })
  await expect(get(entry)).rejects.toMatchObject({
    name: 'PrerequisiteError',
    hint: expect.stringMatching(/apt-get install k, or put .*config\/harness\/keys\/test\/, or name it with --keyring/),
  })
  await expect(get(entry, { keyrings: ['/no/such/file'] })).rejects.toMatchObject({ name: 'ConfigError' })
  const image = await get(entry, { keyrings: [join(FIXTURES, 'publisher.asc')] })
  expect(image.signedBy).toMatch(/^[0-9A-F]{40}$/)
})

test('named keys replace those of the host', async () => {
  await expect(get(filesEntry(publisher.url), { keyrings: [join(FIXTURES, 'old.asc')] })).rejects.toThrow(/not trusted/)
})

test('unsigned images are taken when the user says so, and never pass for signed ones', async () => {
  publisher.routes.delete('/SHA256SUMS.gpg')
  const lines: string[] = []
  const image = await get(filesEntry(publisher.url), { unsigned: true, onProgress: (line) => lines.push(line) })
  expect(image.signedBy).toBeUndefined()
  expect(lines).toContain('warning: no signature is checked')
  await expect(get(filesEntry(publisher.url), { maxAgeMs: 60_000 })).rejects.toThrow(/there is no signature/)
})

test('what nobody signs has to be asked for once, and is used afterwards', async () => {
  const entry = filesEntry(publisher.url, { signature: { kind: 'none', why: 'he never did' } })
  await expect(get(entry)).rejects.toMatchObject({ hint: expect.stringMatching(/image get test-1 --unsigned/) })
  const { path } = await get(entry, { unsigned: true })
  const lines: string[] = []
  expect((await get(entry, { onProgress: (line) => lines.push(line) })).path).toBe(path)
  expect(lines).toEqual([expect.stringMatching(/warning: test-1 is not signed/)])
})

test('what was begun of a version that is gone is removed', async () => {
  const folder = join(dir, 'cache', 'downloads', 'test-1.amd64.disk')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, '.0123456789abcdef01234567.partial'), 'x')
  const { path } = await get(filesEntry(publisher.url))
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
  expect(await readFile(path)).toEqual(imageBytes())
})

test('a wrong checksum is never used, signed or not', async () => {
  publisher.routes.set('/test-1-amd64.qcow2', imageBytes(300_000, 5))
  await expect(get(filesEntry(publisher.url))).rejects.toMatchObject({ reason: 'digest' })
  await expect(get(filesEntry(publisher.url), { unsigned: true })).rejects.toMatchObject({ reason: 'digest' })
  expect((await downloads()).filter((name) => /qcow2|partial|image\.json/.test(name))).toEqual([])
})

describe('other ways to sign', () => {
  test('a clear-signed list counts for what is inside the signature only', async () => {
    const signed = (await fixture('CHECKSUM.signed')).toString()
    const planted = `${'0'.repeat(64)}  test-1-amd64.qcow2\n${signed}\nSHA256 (test-1-amd64.qcow2) = ${'1'.repeat(64)}\n`
    const entry = filesEntry(publisher.url, { sums: 'CHECKSUM', signature: { kind: 'clear' } })
    publisher.routes.set('/CHECKSUM', Buffer.from(signed))
    expect(await readFile((await get(entry)).path)).toEqual(imageBytes())
    await rm(join(dir, 'cache'), { recursive: true })
    publisher.routes.set('/CHECKSUM', Buffer.from(planted))
    expect(await readFile((await get(entry)).path)).toEqual(imageBytes())
    publisher.routes.set('/CHECKSUM', Buffer.from(signed.replace('SHA256 (', 'SHA256  (')))
    await expect(get(entry)).rejects.toMatchObject({ reason: 'signature' })
  })

  test('a signature of the image itself, with a sum of its own, in a folder that is listed', async () => {
    const sums = (await fixture('SHA256SUMS')).toString().split('\n')[1]?.replace(/ .*/, '  build-77.qcow2\n') ?? ''
    const entry = filesEntry(publisher.url, {
      listing: true,
      image: 'test-1[0-9.]*-amd64\\.qcow2',
      sums: '{image}.SHA256',
      signature: { kind: 'image', file: '{image}.sig' },
    })
    const page =
      '<a href="?C=N">x</a><a href="./test-1.9-amd64.qcow2">9</a><a href="test-1.10-amd64.qcow2">10</a><a href="http://elsewhere.example/test-1.99-amd64.qcow2">!</a>'
    publisher.routes.set('/', Buffer.from(page))
    publisher.routes.set('/test-1.10-amd64.qcow2', imageBytes())
    publisher.routes.set('/test-1.10-amd64.qcow2.SHA256', Buffer.from(sums))
    publisher.routes.set('/test-1.10-amd64.qcow2.sig', await fixture('image.sig'))
    expect((await get(entry)).signedBy).toMatch(/^[0-9A-F]{40}$/)
    await rm(join(dir, 'cache'), { recursive: true })
    publisher.routes.set('/test-1.10-amd64.qcow2.sig', await fixture('SHA256SUMS.gpg'))
    await expect(get(entry)).rejects.toThrow(/the signature is bad/)
    expect((await downloads()).filter((name) => /\.[0-9a-f]{24}$/.test(name))).toEqual([])
  })
})

describe('a simplestreams index', () => {
  beforeEach(async () => {
    publisher.routes.set('/streams/v1/index.sjson', await fixture('index.json.signed'))
    publisher.routes.set('/streams/v1/download.sjson', await fixture('download.json.signed'))
    publisher.routes.set('/new/disk.img', imageBytes())
    publisher.routes.set('/new/lxd.tar.xz', imageBytes(2000, 2))
    publisher.routes.set('/new/root.squashfs', imageBytes(90_000, 3))
  })

  test('leads to the newest disk, and to the newest image for containers', async () => {
    const disk = await get(streamEntry(publisher.url))
    expect(await readFile(disk.path)).toEqual(imageBytes())
    const lxd = await get(streamEntry(publisher.url), { kind: 'lxd' })
    expect(lxd.signedBy).toBe(disk.signedBy)
    expect(await readFile(lxd.path)).toEqual(imageBytes(90_000, 3))
    expect(await readFile(lxd.metadata ?? '')).toEqual(imageBytes(2000, 2))
  })

  test('whose signature does not fit any more is refused', async () => {
    const changed = (await fixture('download.json.signed')).toString().replace('new/disk.img', 'old/disk.img')
    publisher.routes.set('/streams/v1/download.sjson', Buffer.from(changed))
    await expect(get(streamEntry(publisher.url))).rejects.toMatchObject({ reason: 'signature' })
  })

  test('that is not signed at all is refused', async () => {
    publisher.routes.set('/streams/v1/index.json', Buffer.from('{}'))
    await expect(get(streamEntry(publisher.url, { index: 'streams/v1/index.json' }))).rejects.toThrow(/is not signed/)
  })

  test('cannot name a file outside of its own tree, nor hide a size', async () => {
    const list = (path: string, size: number) =>
      Buffer.from(
        JSON.stringify({
          products: {
            'com.example.cloud:server:1:amd64': {
              versions: { '1': { items: { a: { ftype: 'disk1.img', path, size, sha256: 'a'.repeat(64) } } } },
            },
          },
        }),
      )
    const unsigned = { unsigned: true }
    for (const path of ['http://elsewhere.example/x', '/etc/passwd', 'a/../../b']) {
      publisher.routes.set('/streams/v1/download.sjson', list(path, 1))
      await expect(get(streamEntry(publisher.url), unsigned)).rejects.toThrow(/outside of its own tree/)
    }
    publisher.routes.set('/streams/v1/download.sjson', list('new/disk.img', 5))
    await expect(get(streamEntry(publisher.url), unsigned)).rejects.toMatchObject({ reason: 'length' })
  })
})

test('keys of the user are found by the name of the distribution; an unknown name says what is known', async () => {
  const keys = join(dir, 'config', 'harness', 'keys', 'test')
  await mkdir(keys, { recursive: true })
  await writeFile(join(keys, 'publisher.asc'), await fixture('publisher.asc'))
  expect(
    (await get(filesEntry(publisher.url, { trust: { name: 'test', files: [], bring: 'x' } }))).signedBy,
  ).toBeDefined()
  await expect(getImage('ubuntoo-24.04')).rejects.toMatchObject({
    name: 'ConfigError',
    hint: expect.stringContaining('ubuntu-24.04'),
  })
})
