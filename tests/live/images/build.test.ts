import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { cacheDir } from '../../../src/core/paths.ts'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { openAptRoot, refreshIndices } from '../../../src/images/apt-root.ts'
import { loadRecipe } from '../../../src/images/find-recipe.ts'
import { readHostSources, useHostMirrors } from '../../../src/images/host-archives.ts'
import type { BuiltImage, Recipe } from '../../../src/images/index.ts'
import { buildImage, buildOverlay, findStaleBuilds, openAtRest, removeStaleBuilds } from '../../../src/images/index.ts'
import { readFromSquashfs } from '../../../src/images/squashfs.ts'

const able = process.getuid?.() === 0 && existsSync('/usr/bin/mmdebstrap')
const BUILD_MS = 600_000

describe.skipIf(!able)('building images (needs root and mmdebstrap: sudo ./harness setup)', () => {
  let first: BuiltImage
  let other: string

  beforeAll(async () => {
    first = await buildImage('debian-13')
    // another place for images, the same downloaded packages
    other = await mkdtemp(join(tmpdir(), 'harness-images-'))
    await symlink(join(cacheDir(), 'apt'), join(other, 'apt'))
    vi.stubEnv('HARNESS_CACHE_DIR', other)
  }, BUILD_MS)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await rm(other, { recursive: true, force: true })
  })

  test(
    'a second build of the same packages, in another place, is the same to the last byte',
    { timeout: BUILD_MS },
    async () => {
      const lines: string[] = []
      const hostLists = await readdir('/var/lib/apt/lists')
      const second = await buildImage('debian-13', { onProgress: (line) => lines.push(line) })
      expect(await readdir('/var/lib/apt/lists'), 'package lists of the host').toEqual(hostLists)
      expect(second.dir).not.toBe(first.dir)
      expect(second.manifest.packages).toEqual(first.manifest.packages)
      expect({ digest: second.digest, sha256: second.manifest.sha256 }).toEqual({
        digest: first.digest,
        sha256: first.manifest.sha256,
      })
      expect(lines).toContain('packing the root file system')
      const again: string[] = []
      expect((await buildImage('debian-13', { onProgress: (line) => again.push(line) })).dir).toBe(second.dir)
      expect(again).toEqual(['reading package indices'])
    },
  )

  test('two that read the package indices at the same moment wait for each other', { timeout: BUILD_MS }, async () => {
    const recipe = await loadRecipe('debian-13')
    const root = await openAptRoot(recipe, useHostMirrors(recipe.archives, await readHostSources()))
    const keys = await Promise.all([1, 2, 3].map(() => refreshIndices(root, {})))
    expect(new Set(keys).size).toBe(1)
  })

  test('without a way to the archives the newest image of the recipe is used, with a warning', async () => {
    vi.stubEnv('http_proxy', 'http://127.0.0.1:9')
    vi.stubEnv('https_proxy', 'http://127.0.0.1:9')
    try {
      const lines: string[] = []
      expect((await buildImage('debian-13', { onProgress: (line) => lines.push(line) })).digest).toBe(first.digest)
      expect(lines.join('\n')).toMatch(/warning: the archives cannot be read/)
      await expect(buildImage('debian-13', { rebuild: true })).rejects.toThrow(/apt-get/)
    } finally {
      vi.stubEnv('http_proxy', undefined)
      vi.stubEnv('https_proxy', undefined)
    }
  })

  test(
    'a recipe of a user gets its packages, files and scripts, and a failing script fails the build',
    { timeout: BUILD_MS },
    async () => {
      const recipe = join(other, 'mine.yaml')
      await writeFile(join(other, 'local'), 'local file\n')
      await writeFile(
        recipe,
        'extends: debian-13\npackages: [tree]\nfiles:\n  - path: /opt/mine/local\n    source: local\n    mode: "0755"\nscripts:\n  - tree --version >/opt/mine/made-by-script\n',
      )
      const image = await buildImage(await withoutItsBase(recipe))
      expect(image.manifest.packages.map(({ name }) => name)).toContain('tree')
      expect(await readFromSquashfs(image.rootfs, '/opt/mine/local')).toBe('local file\n')
      expect(await readFromSquashfs(image.rootfs, '/opt/mine/made-by-script')).toMatch(/^tree v/)
      expect(await runHost(['unsquashfs', '-lls', image.rootfs, 'opt/mine/local'], { deadlineMs: 60_000 })).toMatch(
        /-rwxr-xr-x root\/root +11 .*opt\/mine\/local/,
      )
      expect(await readFromSquashfs(image.rootfs, '/var/tmp/.recipe/00-script-1')).toBeUndefined()

      await appendFile(recipe, '  - ls /opt/mine/nothing\n')
      await expect(buildImage(await withoutItsBase(recipe))).rejects.toThrow(/01-script-2/)
    },
  )

  /** What a recipe adds, on next to nothing: a third of the time. */
  async function withoutItsBase(file: string): Promise<Recipe> {
    const base = await loadRecipe('debian-13')
    const mine = await loadRecipe(file)
    const added = <T>(all: readonly T[], before: readonly T[]) => all.slice(before.length)
    return {
      ...mine,
      packages: added(mine.packages, base.packages),
      files: added(mine.files, base.files),
      scripts: added(mine.scripts, base.scripts),
    }
  }

  test(
    'a build that is killed leaves no process and no mount, and its files go with the next one',
    { timeout: BUILD_MS },
    async () => {
      const script = `import { buildImage } from ${JSON.stringify(new URL('../../../src/images/index.ts', import.meta.url).href)}; await buildImage('debian-13', { rebuild: true, onProgress: (line) => console.log(line) })`
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, HARNESS_CACHE_DIR: other },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      await waitUntil({ what: 'packages to be unpacked', deadlineMs: 120_000 }, () =>
        Promise.resolve(
          /unpacked packages: 25 of/.test(output) ? { done: true, value: undefined } : { done: false, saw: 'not yet' },
        ),
      )
      expect(child.kill('SIGKILL')).toBe(true)
      await waitUntil({ what: 'mmdebstrap to end', deadlineMs: 10_000 }, async () => {
        const left = await probeHost(['pgrep', '-f', `mmdebstrap.*${other}`], { deadlineMs: 10_000 })
        return left.exitCode === 1 ? { done: true, value: undefined } : { done: false, saw: left.stdout.trim() }
      })
      expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(other)
      const stale = await findStaleBuilds()
      expect(stale).toHaveLength(1)
      expect(await removeStaleBuilds()).toEqual(stale)
      expect(await readdir(join(other, 'images', '.tmp'))).toEqual([])
    },
  )

  test('an overlay is built in seconds, says what it lies on, and changes nothing else', async () => {
    const overlay = {
      name: 'bad-motd',
      description: 'a test',
      files: [{ path: '/etc/motd', content: 'bad\n' }],
      edits: ['rm "$tree/etc/cloud-release"'],
    }
    const image = await buildOverlay(first, overlay)
    expect(image.manifest).toMatchObject({
      base: first.digest,
      packages: first.manifest.packages,
      distribution: 'debian',
      release: '13',
    })
    expect(await readFromSquashfs(image.rootfs, '/etc/motd')).toBe('bad\n')
    expect(await readFromSquashfs(image.rootfs, '/etc/cloud-release')).toBeUndefined()
    expect((await buildOverlay(first, overlay)).manifest.builtAt).toBe(image.manifest.builtAt)
    const plain = await buildOverlay(first, { name: 'plain', description: 'nothing changed' }, { rebuild: true })
    expect(await listing(plain.rootfs)).toEqual(await listing(first.rootfs))
  })

  async function listing(rootfs: string): Promise<string[]> {
    const output = await runHost(['unsquashfs', '-lls', rootfs], { deadlineMs: 60_000 })
    return output
      .split('\n')
      .filter((line) => line.includes('squashfs-root/'))
      .sort()
  }

  test('a tar file and a directory can be opened at rest as well', async () => {
    const tree = join(other, 'tree')
    await mkdir(join(tree, 'rootfs', 'etc'), { recursive: true })
    await writeFile(join(tree, 'rootfs', 'etc', 'hostname'), 'x\n')
    await writeFile(join(tree, 'metadata.yaml'), 'architecture: x86_64\n')
    await runHost(['tar', '-C', tree, '-czf', join(other, 'unified.tar.gz'), '.'], { deadlineMs: 30_000 })
    for (const path of [tree, join(other, 'unified.tar.gz')]) {
      await using rest = await openAtRest(path)
      expect(await readFile(join(rest.root, 'etc', 'hostname'), 'utf8')).toBe('x\n')
    }
    expect(existsSync(tree)).toBe(true)
    await expect(openAtRest('/no/such/image')).rejects.toMatchObject({ name: 'ConfigError' })
  })
})
