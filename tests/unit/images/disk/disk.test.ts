import { expect, test } from 'vitest'
import { biosBoot } from '../../../../src/images/disk/bios-boot.ts'
import { diskRecipe } from '../../../../src/images/disk/disk-recipe.ts'
import { fileSystemIds, uuidOf } from '../../../../src/images/disk/identifiers.ts'
import { layoutFor, partitionScript } from '../../../../src/images/disk/layout.ts'
import { findRecipe } from '../../../../src/images/index.ts'
import { recipeDigest } from '../../../../src/images/recipe-digest.ts'

const MIB = 1024 ** 2

function debian13() {
  const recipe = findRecipe('debian-13')
  if (!recipe?.disk) throw new Error('debian-13 can be a disk')
  return recipe
}

test('partitions do not overlap, start at whole MiB and leave room for both partition tables', () => {
  for (const content of [0, 700 * MIB, 5000 * MIB]) {
    const { bytes, biosBoot: bios, esp, root } = layoutFor(content)
    const parts = [bios, esp, root]
    for (const { start, bytes: size } of parts) expect([start % MIB, size % MIB]).toEqual([0, 0])
    parts.forEach((part, index) => {
      const end = part.start + part.bytes
      expect(end).toBeLessThanOrEqual(parts[index + 1]?.start ?? bytes - MIB)
    })
    expect(bios.start).toBeGreaterThanOrEqual(MIB)
    expect(root.bytes).toBeGreaterThan(content * 1.25)
  }
})

test('the table of partitions is the same for the same image, and another for another', () => {
  const layout = layoutFor(0)
  expect(partitionScript(layout, 'amd64', 'a')).toBe(partitionScript(layout, 'amd64', 'a'))
  expect(partitionScript(layout, 'amd64', 'a')).not.toBe(partitionScript(layout, 'amd64', 'b'))
  expect(partitionScript(layout, 'amd64', 'a')).toMatch(/^disk1 : start=262144, size=6027264, type=4F68BCE3-/m)
})

test('identifiers look like what they are', () => {
  expect(uuidOf('x')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(fileSystemIds('x')).toEqual({
    'root-uuid': expect.any(String),
    'esp-id': expect.stringMatching(/^[0-9A-F]{4}-[0-9A-F]{4}$/),
  })
})

test('the boot sector leads to the second stage, and that to the rest of itself', () => {
  const core = Buffer.alloc(512 * 60 + 7, 0xaa)
  const [boot, rest] = biosBoot(Buffer.alloc(512, 0x11), core, MIB)
  expect(boot).toMatchObject({ offset: 0 })
  expect(boot?.data.length).toBe(440)
  expect(boot?.data.readBigUInt64LE(0x5c)).toBe(2048n)
  expect(rest?.offset).toBe(MIB)
  expect(rest?.data.length).toBe(512 * 61)
  expect(rest?.data.readBigUInt64LE(0x1f4)).toBe(2049n)
  expect(rest?.data.readUInt16LE(0x1fc)).toBe(60)
  expect(rest?.data.readUInt16LE(0x1fe)).toBe(0x820)
})

test('a disk is the same image with a kernel and a boot loader, under the name of its recipe', async () => {
  const recipe = debian13()
  const disk = diskRecipe(recipe)
  expect(disk.packages).toEqual(expect.arrayContaining([...recipe.packages]))
  expect(disk.packages.join(' ')).toMatch(/linux-image-cloud-/)
  expect(disk.files.filter(({ path }) => path === '/etc/cloud-release')[0]?.content).toContain('name=debian-13\n')
  expect(await recipeDigest(disk)).not.toBe(await recipeDigest(recipe))
  const { disk: _, ...plain } = recipe
  expect(await recipeDigest(recipe), 'the image for containers does not depend on it').toBe(await recipeDigest(plain))
  expect(() => diskRecipe(plain)).toThrow(/no boot loader is known/)
})
