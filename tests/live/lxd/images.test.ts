import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LxdClient } from '../../../src/platforms/lxd/client.ts'
import { findEndpoint } from '../../../src/platforms/lxd/endpoint.ts'
import { findByAlias, fingerprintOf, importImage, setAlias } from '../../../src/platforms/lxd/image-import.ts'
import type { ImageFiles } from '../../../src/platforms/lxd/image-import.ts'
import { openBench, whyNoLxd } from './open-lxd.ts'
import type { Bench } from './open-lxd.ts'

const skip = await whyNoLxd()
const run = promisify(execFile)

describe.skipIf(skip)(`lxd images${skip ? ` (skipped: ${skip})` : ''}`, () => {
  const alias = `harness-test-${randomBytes(4).toString('hex')}`
  let bench: Bench
  let client: LxdClient
  let folder: string
  let files: ImageFiles
  let fingerprint: string
  beforeAll(async () => {
    bench = await openBench()
    client = new LxdClient(await findEndpoint({}))
    folder = await mkdtemp(join(tmpdir(), 'lxd-image-'))
    files = { ...(await tinyImage(folder, alias)), type: 'container' }
    fingerprint = await fingerprintOf(files)
  })
  afterAll(async () => {
    await bench?.session.remove({ kind: 'image', id: fingerprint })
    await bench?.session.remove({ kind: 'image', id: fingerprint })
    await bench?.session.close()
    client?.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('imports of one image at the same time end in one image', async () => {
    const properties = { os: 'Tiny', 'user.harness.image': alias }
    const imports = Array.from({ length: 4 }, () => importImage(client, files, { alias, properties }))
    expect(new Set(await Promise.all(imports))).toEqual(new Set([fingerprint]))
    expect(await findByAlias(client, alias)).toMatchObject({ fingerprint, properties: { os: 'Tiny', release: 'one' } })
  })

  test('an alias is found, moved, and told among the names when it is missed', async () => {
    await setAlias(client, alias, fingerprint)
    const found = await bench.session.resolveImage(alias, { owner: bench.owner })
    expect(found).toMatchObject({
      id: fingerprint,
      digest: `sha256:${fingerprint}`,
      distribution: 'tiny',
      release: 'one',
    })
    expect(await bench.session.resolveImage(`remote:${fingerprint.slice(0, 12)}`, { owner: bench.owner })).toEqual(
      found,
    )
    const missed = bench.session.resolveImage('remote:no-such', { owner: bench.owner })
    await expect(missed).rejects.toMatchObject({ kind: 'not-found', hint: expect.stringContaining('debian-12') })
  })

  test('a split image is read at rest, and nothing of it stays', async () => {
    let root: string
    {
      await using resting = await bench.session.openImageAtRest?.(fingerprint, {})
      expect(await readFile(join((root = resting?.root ?? ''), 'etc/os-release'), 'utf8')).toBe(
        `ID=tiny\nNAME=${alias}\n`,
      )
    }
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(root)
    await expect(stat(root)).rejects.toThrow('ENOENT')
  })

  test('images kept for later runs belong to no run, and are told when all is asked for', async () => {
    const of = async (filter: { runId?: string }) =>
      (await bench.session.resources(filter)).filter((resource) => resource.id === fingerprint)
    expect(await of({ runId: bench.owner.runId })).toEqual([])
    expect(await of({})).toEqual([expect.objectContaining({ kind: 'image', runId: 'image-cache' })])
  })

  test('a folder that holds no image is said to', async () => {
    await expect(bench.session.resolveImage(folder, { owner: bench.owner })).rejects.toMatchObject({
      name: 'ConfigError',
    })
  })
})

/** Metadata and a root file system with one file, different each time. */
async function tinyImage(folder: string, name: string): Promise<{ metadata: string; rootfs: string }> {
  const root = join(folder, 'root')
  await mkdir(join(root, 'etc'), { recursive: true })
  await writeFile(join(root, 'etc/os-release'), `ID=tiny\nNAME=${name}\n`)
  await writeFile(
    join(folder, 'metadata.yaml'),
    'architecture: x86_64\ncreation_date: 1\nproperties: {os: tiny, release: one}\n',
  )
  await run('tar', ['-C', folder, '-cJf', join(folder, 'metadata.tar.xz'), 'metadata.yaml'])
  await run('mksquashfs', [root, join(folder, 'tiny.squashfs'), '-noappend', '-quiet', '-no-progress'])
  return { metadata: join(folder, 'metadata.tar.xz'), rootfs: join(folder, 'tiny.squashfs') }
}
