import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { waitUntil } from '../../../src/core/wait-until.ts'
import type { BuiltImage } from '../../../src/images/index.ts'
import { buildImage, openAtRest } from '../../../src/images/index.ts'
import { removeHostLeftovers, staleHostPaths } from '../../../src/runner/sweep/sweep-host.ts'

const able = process.getuid?.() === 0 && existsSync('/usr/bin/mmdebstrap')
const mounts = () => readFile('/proc/self/mountinfo', 'utf8')

describe.skipIf(!able)('images at rest (needs root and mmdebstrap: sudo ./harness setup)', () => {
  let image: BuiltImage
  beforeAll(async () => {
    image = await buildImage('debian-13')
  }, 600_000)

  test('a squashfs is mounted for reading only, and gone when disposed', async () => {
    let root: string
    {
      await using rest = await openAtRest(image.rootfs)
      root = rest.root
      expect(await readFile(join(root, 'etc/os-release'), 'utf8')).toContain('VERSION_CODENAME=trixie')
      const mount = (await mounts()).split('\n').find((line) => line.includes(` ${root} `))
      expect(mount).toMatch(/ ro,nosuid,nodev,noexec[ ,]/)
      await expect(writeFile(join(root, 'etc/x'), '')).rejects.toMatchObject({ code: 'EROFS' })
    }
    expect(existsSync(root)).toBe(false)
    expect(await mounts()).not.toContain(root)
  })

  test('what a killed process had open is found and taken away, what a living one has open stays', async () => {
    await using own = await openAtRest(image.rootfs)
    const source = new URL('../../../src/images/index.ts', import.meta.url).href
    const script = `const { openAtRest } = await import(${JSON.stringify(source)}); const rest = await openAtRest(${JSON.stringify(image.rootfs)}); console.log(rest.root); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const root = await new Promise<string>((resolve) =>
      child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
    )
    const directory = root.replace(/\/root$/, '')
    expect(await staleHostPaths()).not.toContain(directory)
    child.kill('SIGKILL')
    await waitUntil({ what: 'the mount to be seen as left behind', deadlineMs: 10_000 }, async () =>
      (await staleHostPaths()).includes(directory) ? { done: true, value: undefined } : { done: false, saw: 'not yet' },
    )
    await removeHostLeftovers(directory)
    expect(existsSync(directory)).toBe(false)
    expect(await mounts()).not.toContain(directory)
    expect(existsSync(join(own.root, 'etc'))).toBe(true)
  })
})
