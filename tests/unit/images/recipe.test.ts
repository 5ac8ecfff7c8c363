import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findRecipe, loadRecipe, recipes } from '../../../src/images/index.ts'
import { recipeDigest } from '../../../src/images/recipe-digest.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'harness-recipe-'))
})
afterEach(() => rm(dir, { recursive: true }))

async function recipe(text: string, name = 'mine.yaml'): Promise<string> {
  await writeFile(join(dir, name), text)
  return join(dir, name)
}

test('the shipped recipes are data: no script may depend on the host', () => {
  expect(recipes.map(({ name }) => name)).toEqual(['debian-12', 'debian-13', 'debian-sid'])
  for (const each of recipes) {
    expect(JSON.parse(JSON.stringify(each))).toEqual(each)
    expect(each.packages).toEqual([...new Set(each.packages)])
    expect(each.archives.flatMap(({ components }) => components)).toEqual(each.archives.map(() => 'main'))
  }
})

test('every recipe is there for machines that this host can only emulate, under a name of its own', () => {
  const foreign = process.arch === 'arm64' ? 'amd64' : 'arm64'
  const byArchitecture = findRecipe('debian-13', foreign === 'arm64' ? 'aarch64' : 'x86_64')
  expect(byArchitecture).toBe(findRecipe(`debian-13-${foreign}`))
  expect(byArchitecture).toMatchObject({ name: `debian-13-${foreign}`, architecture: foreign, release: '13' })
  expect(byArchitecture?.disk?.packages).toContain(`linux-image-cloud-${foreign}`)
  const own = findRecipe('debian-13')
  expect(findRecipe('debian-13', own?.architecture)).toBe(own)
})

test('an unknown name lists the known ones', async () => {
  await expect(loadRecipe('debian-7')).rejects.toMatchObject({
    name: 'ConfigError',
    hint: expect.stringContaining('debian-12, debian-13, debian-sid'),
  })
})

describe('a recipe of a user', () => {
  test('adds packages, files and scripts to the one it extends', async () => {
    await writeFile(join(dir, 'motd'), 'hello\n')
    await writeFile(join(dir, 'setup.sh'), '#!/bin/sh\ntrue\n')
    const text =
      'extends: debian-13\npackages: [nginx-light, sudo]\nfiles:\n  - path: /etc/motd\n    source: motd\n    mode: "0600"\nscripts:\n  - touch /etc/touched\n  - path: setup.sh\n'
    const own = await loadRecipe(await recipe(text))
    const base = findRecipe('debian-13')
    expect(own.name).toBe('mine')
    expect(own.packages).toEqual([...(base?.packages ?? []), 'nginx-light'])
    expect(own.files.at(-1)).toEqual({ path: '/etc/motd', mode: 0o600, source: join(dir, 'motd') })
    expect(own.scripts.slice(-2)).toEqual([
      { name: 'script-1', content: 'touch /etc/touched' },
      { name: 'setup.sh', content: '#!/bin/sh\ntrue\n' },
    ])
  })

  test('may extend another file, and not itself', async () => {
    await recipe('extends: debian-12\npackages: [tmux]\n', 'base.yaml')
    expect((await loadRecipe(await recipe('extends: base.yaml\nname: top\n', 'top.yaml'))).packages).toContain('tmux')
    await expect(loadRecipe(await recipe('extends: loop.yaml\nname: x\n', 'loop.yaml'))).rejects.toThrow(
      /extends itself/,
    )
  })

  test.each([
    ['an unknown key', 'extends: debian-13\npackagess: [x]\n', /mine\.yaml.*packagess/],
    ['broken YAML', 'extends: [debian-13\n', /mine\.yaml:\d+:\d+: /],
    [
      'a bad package name',
      'extends: debian-13\npackages:\n  - "Bad Name"\n',
      /mine\.yaml:3:5: packages\.0: this is not a package name/,
    ],
    [
      'content and source at once',
      'extends: debian-13\nfiles:\n  - path: /x\n    content: a\n    source: b\n',
      /mine\.yaml:3:\d+: files\.0: give either content or source/,
    ],
    ['a relative path', 'extends: debian-13\nfiles:\n  - path: x\n    content: a\n', /mine\.yaml:3:11: files\.0\.path/],
    ['an unknown base', 'extends: debian-99\n', /no recipe "debian-99"/],
    ['the name of a shipped recipe', 'extends: debian-13\nname: debian-12\n', /belongs to a shipped recipe/],
  ])('with %s is refused with its place', async (_, text, message) => {
    await expect(loadRecipe(await recipe(text))).rejects.toThrow(message)
  })
})

test('the digest changes with everything that is in the image, and with the content of local files', async () => {
  const path = await recipe('extends: debian-13\nfiles:\n  - path: /etc/x\n    source: data\n')
  await writeFile(join(dir, 'data'), 'one')
  const first = await recipeDigest(await loadRecipe(path))
  expect(await recipeDigest(await loadRecipe(path))).toBe(first)
  await writeFile(join(dir, 'data'), 'two')
  expect(await recipeDigest(await loadRecipe(path))).not.toBe(first)
})
