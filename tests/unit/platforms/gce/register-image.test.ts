import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { simulated } from '../../simulate/gce/simulated.ts'

vi.setConfig({ testTimeout: 120_000 })

test('a raw disk is packed, uploaded and made an image, which is launched and goes with the run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gce-image-'))
  try {
    const file = join(folder, 'disk.raw')
    await writeFile(file, 'boot sector')
    await truncate(file, 1024 ** 3)
    await using world = await simulated({}, { bucket: 'my-bucket' })
    const { session } = world
    const lines: string[] = []
    const image = await session.resolveImage(file, { onProgress: (line) => lines.push(line) })
    expect(lines).toEqual(['uploading disk.raw to my-bucket', expect.stringMatching(/^making the image h-/)])
    expect(image).toMatchObject({
      architecture: 'amd64',
      id: expect.stringMatching(/^projects\/simulated-project\//) as string,
    })
    // Asked again, it is there.
    expect((await session.resolveImage(file)).id).toBe(image.id)
    expect(world.operations().filter((operation) => operation === 'images.insert')).toHaveLength(1)
    expect(world.operations()).toContain('storage.objects.delete')
    await using instance = await session.launch({ image: image.id })
    expect(await instance.state()).toBe('running')
    const [found] = (await session.resources({ runId: session.owner.runId })).filter(({ kind }) => kind === 'image')
    expect(found?.id).toBe(image.id)
    await session.remove({ kind: 'image', id: image.id })
    await session.remove({ kind: 'image', id: image.id })
    await truncate(file, 1024 ** 3 + 512)
    await expect(session.resolveImage(file)).rejects.toThrow('takes disks of whole GiB')
    await using other = await simulated()
    await expect(other.session.resolveImage(file)).rejects.toThrow('no bucket was given')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
