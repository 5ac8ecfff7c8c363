import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BlockSource } from '../../../../src/images/rest/block-source.ts'
import { DamagedImageError } from '../../../../src/images/rest/damaged-image.ts'
import { Ext4 } from '../../../../src/images/rest/ext4.ts'
import { ext4ToTar } from '../../../../src/images/rest/ext4-to-tar.ts'

const MKE2FS = ['/usr/sbin/mke2fs', '/sbin/mke2fs'].find((path) => existsSync(path))
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'images-ext4-'))
  const tree = join(dir, 'tree')
  mkdirSync(join(tree, 'etc', 'deep', 'er'), { recursive: true })
  mkdirSync(join(tree, 'many'))
  writeFileSync(join(tree, 'etc', 'os-release'), 'ID=test\n')
  writeFileSync(join(tree, 'etc', 'deep', 'er', 'x'), Buffer.alloc(300_000, 'abcdefg'))
  writeFileSync(join(tree, 'etc', `long-${'n'.repeat(200)}`), 'long')
  writeFileSync(join(tree, 'etc', 'shadow'), 'secret')
  chmodSync(join(tree, 'etc', 'shadow'), 0o4640)
  linkSync(join(tree, 'etc', 'os-release'), join(tree, 'hard'))
  symlinkSync('etc/os-release', join(tree, 'short'))
  symlinkSync(`/${'far/'.repeat(40)}away`, join(tree, 'long'))
  writeFileSync(join(tree, 'hole'), 'x')
  truncateSync(join(tree, 'hole'), 500_000)
  appendFileSync(join(tree, 'hole'), 'y')
  // more holes than an archive should hold
  writeFileSync(join(tree, 'holes'), 'x')
  truncateSync(join(tree, 'holes'), 90_000_000)
  appendFileSync(join(tree, 'holes'), 'z')
  for (let index = 0; index < 200; index++)
    writeFileSync(join(tree, 'many', `file-${index}-${'x'.repeat(index % 40)}`), String(index))
  utimesSync(join(tree, 'etc', 'os-release'), 1_700_000_000, 1_700_000_000)
})
afterAll(() => rmSync(dir, { recursive: true }))

function make(name: string, options: readonly string[]): string {
  const image = join(dir, name)
  writeFileSync(image, '')
  truncateSync(image, 8 * 1024 * 1024)
  execFileSync(MKE2FS ?? '', ['-q', '-F', '-d', join(dir, 'tree'), ...options, image], { stdio: 'pipe' })
  return image
}

async function unpack(image: string): Promise<void> {
  const handle = await open(image, 'r')
  try {
    const fs = await Ext4.open(new BlockSource(handle, 0, (await handle.stat()).size))
    if (!fs) throw new Error(`${image} is no ext4`)
    await rm(`${image}.tar`, { force: true })
    await ext4ToTar(fs, `${image}.tar`)
  } finally {
    await handle.close()
  }
}

/** Everything in an archive or directory that tar can tell. The root itself has the time of whoever made it. */
function listing(args: readonly string[]): string[] {
  const tar = execFileSync('tar', [...args, '--numeric-owner', '-tvf', '-'].slice(args.length), {
    input: execFileSync('tar', [...args], { maxBuffer: 64 * 1024 * 1024 }),
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  }).toString()
  return tar
    .split('\n')
    .filter((line) => line !== '' && !line.includes('lost+found') && !line.endsWith(' ./'))
    .sort()
}

describe.skipIf(!MKE2FS)('ext4 without mounting (needs mke2fs: apt-get install e2fsprogs)', () => {
  test.each([
    ['ext4', ['-t', 'ext4']],
    ['small blocks', ['-t', 'ext4', '-b', '1024']],
    ['content in inodes', ['-t', 'ext4', '-I', '256', '-O', 'inline_data']],
    ['64 bits', ['-t', 'ext4', '-O', '64bit,metadata_csum']],
    ['ext3', ['-t', 'ext3']],
    ['ext2 with small inodes', ['-t', 'ext2', '-b', '1024', '-I', '128']],
  ])('%s: every file is as it was', { timeout: 20_000 }, async (name, options) => {
    const image = make(name.replaceAll(' ', '-'), options)
    await unpack(image)
    const out = join(dir, `${name.replaceAll(' ', '-')}.out`)
    mkdirSync(out)
    expect(statSync(`${image}.tar`).size).toBeLessThan(8_000_000)
    execFileSync('tar', ['-C', out, '-xpf', `${image}.tar`])
    expect(
      execFileSync('diff', ['-r', '--no-dereference', '-x', 'lost+found', out, join(dir, 'tree')]).toString(),
    ).toBe('')
    const ours = listing(['-C', out, '-cSf', '-', '--sort=name', '--format=posix', '.'])
    const theirs = listing(['-C', join(dir, 'tree'), '-cSf', '-', '--sort=name', '--format=posix', '.'])
    expect(ours).toEqual(theirs)
  })

  test('capabilities of programs are kept', async () => {
    const image = make('capable', ['-t', 'ext4'])
    writeFileSync(join(dir, 'capability'), Buffer.from('0100000200200000000000000000000000000000', 'hex'))
    const script = `ea_set -f ${join(dir, 'capability')} /etc/shadow security.capability`
    execFileSync('debugfs', ['-w', '-R', script, image], { stdio: 'pipe' })
    await unpack(image)
    expect(readFileSync(`${image}.tar`).includes('SCHILY.xattr.security.capability=')).toBe(true)
  })

  test('what is no ext4 is none, and unknown features are left to others', async () => {
    const image = make('features', ['-t', 'ext4'])
    const data = readFileSync(image)
    const openData = async (bytes: Buffer) => {
      writeFileSync(join(dir, 'other'), bytes)
      const handle = await open(join(dir, 'other'), 'r')
      try {
        return await Ext4.open(new BlockSource(handle, 0, bytes.length))
      } finally {
        await handle.close()
      }
    }
    expect(await openData(Buffer.alloc(1024 * 1024))).toBeUndefined()
    data.writeUInt32LE(data.readUInt32LE(1024 + 0x60) | 0x1_0000, 1024 + 0x60)
    expect(await openData(data)).toBeUndefined()
  })

  test(
    'damaged in any way it ends soon, in a word about the damage or in what can still be read',
    { timeout: 60_000 },
    async () => {
      const image = make('fuzz', ['-t', 'ext4', '-b', '1024', '-O', 'inline_data'])
      const good = readFileSync(image)
      const used = usedBlocks(good)
      for (let seed = 1; seed <= 20; seed++) {
        const bad = Buffer.from(good)
        const next = random(seed)
        const hits = 1 + (next() % 40)
        for (let hit = 0; hit < hits; hit++) {
          const block = used[next() % used.length] ?? 0
          bad[block * 1024 + (next() % 1024)] = [0, 0xff, 1, next() & 255][next() % 4] ?? 0
        }
        writeFileSync(join(dir, 'bad'), bad)
        await unpack(join(dir, 'bad')).catch((error: unknown) => {
          if (error instanceof Error && /is no ext4/.test(error.message)) return
          expect(error, `seed ${seed}`).toBeInstanceOf(DamagedImageError)
        })
      }
    },
  )

  test('a directory inside of itself is no tree', async () => {
    const image = make('circle', ['-t', 'ext4'])
    execFileSync('debugfs', ['-w', '-R', 'link /etc /etc/deep/back', image], { stdio: 'pipe' })
    await expect(unpack(image)).rejects.toThrow(/circles/)
  })

  test('names that would lead out of the tree are left out', async () => {
    const image = make('names', ['-t', 'ext4'])
    const data = readFileSync(image)
    const at = data.indexOf('os-release')
    data.write('../../evil', at, 'latin1')
    writeFileSync(image, data)
    await unpack(image)
    const names = execFileSync('tar', ['-tf', `${image}.tar`]).toString()
    expect(names).not.toContain('evil')
    expect(names).toContain('etc/shadow')
  })
})

/** Blocks that are not empty, for the bookkeeping is among them. */
function usedBlocks(image: Buffer): number[] {
  return Array.from({ length: image.length / 1024 }, (_, block) => block).filter((block) =>
    image.subarray(block * 1024, (block + 1) * 1024).some((byte) => byte !== 0),
  )
}

function random(seed: number): () => number {
  let state = seed * 2_654_435_761
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e37_79b9) >>> 0
    return (state ^ (state >>> 13)) >>> 0
  }
}
