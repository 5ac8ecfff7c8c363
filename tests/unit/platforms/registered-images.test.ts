import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import type { Session } from '../../../src/platforms/session.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../../../src/simulate/simulators.ts'

vi.setConfig({ testTimeout: 120_000 })

/** A disk of one MiB as Azure takes it: the data, and a footer that says its size is fixed. */
function vhd(): Buffer {
  const footer = Buffer.alloc(512)
  footer.write('conectix')
  footer.writeUInt32BE(2, 60)
  return Buffer.concat([Buffer.alloc(1024 ** 2, 1), footer])
}

const images = async (session: Session) =>
  (await session.resources()).filter(({ kind }) => ['image', 'snapshot', 'file', 'disk'].includes(kind))

test.each([
  ['ec2', 'disk.raw', Buffer.alloc(1024 ** 2, 1), {}],
  ['gce', 'disk.tar.gz', Buffer.from('packed'), { bucket: 'my-bucket' }],
  ['azure', 'disk.vhd', vhd(), {}],
  ['azure', 'disk.vhd', vhd(), { gallery: false }],
])('an image that a session of %s made of %s goes with the session', async (cloud, name, bytes, options) => {
  const folder = await mkdtemp(join(tmpdir(), 'registered-'))
  try {
    const file = join(folder, name)
    await writeFile(file, bytes)
    await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
    const kind = await loadSimulator(cloud)
    await using simulator = await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0 })
    await using watcher = await openPlatformNamed(cloud, simulator.options)
    {
      await using session = await openPlatformNamed(cloud, { ...simulator.options, ...options })
      const image = await session.resolveImage(file)
      const instance = await session.launch({ image: image.id })
      expect(await instance.state()).toBe('running')
      await instance.destroy()
      expect(await images(watcher)).not.toEqual([])
    }
    expect(await watcher.resources()).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a disk for arm64 becomes a version of a gallery at once, and a managed image of it is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'registered-'))
  try {
    const file = join(folder, 'disk.vhd')
    await writeFile(file, vhd())
    await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
    const kind = await loadSimulator('azure')
    await using simulator = await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0 })
    await using session = await openPlatformNamed('azure', { ...simulator.options, 'other-regions': ['northeurope'] })
    const lines: string[] = []
    const onProgress = (line: string) => void lines.push(line)
    const image = await session.resolveImage(file, { architecture: 'arm64', onProgress })
    expect(image).toMatchObject({ architecture: 'arm64', id: expect.stringMatching(/\/versions\/1\.0\.0$/) as string })
    expect(lines.at(-1)).toMatch(/^making a version in the gallery harness_/)
    expect(simulator.calls.map(({ operation }) => operation)).not.toContain('images.put')
    // Asked again, it is there.
    expect((await session.resolveImage(file, { architecture: 'arm64' })).id).toBe(image.id)
    expect(simulator.calls.filter(({ operation }) => operation === 'galleryImageVersions.put')).toHaveLength(1)
    await expect(session.launch({ image: image.id })).rejects.toThrow('it is amd64')
    const instance = await session.launch({ image: image.id, instanceType: 'Standard_B2pts_v2' })
    await instance.destroy()
    const managed = { ...simulator.options, gallery: false }
    await using other = await openPlatformNamed('azure', managed)
    await expect(other.resolveImage(file, { architecture: 'arm64' })).rejects.toThrow('managed images of amd64')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
