import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { layerFaults } from '../../../scripts/check-layers.ts'
import { newPlatform } from '../../../scripts/new-platform.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'harness-platform-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('writes a platform whose imports point down and whose types fit', () => {
  const written = newPlatform(root, 'my-cloud')
  expect(written.map((path) => basename(path))).toEqual([
    'README.md',
    'manifest.ts',
    'options.ts',
    'client.ts',
    'errors.ts',
    'images.ts',
    'machine.ts',
    'platform.ts',
  ])
  const sources = written.filter((path) => path.endsWith('.ts'))
  const faults = layerFaults(
    sources.map((path) => ({ path: path.slice(root.length + 1), text: readFileSync(path, 'utf8') })),
  )
  expect(faults).toEqual([])

  for (const part of ['core', 'instance', 'results', 'distros', 'images', 'imds']) {
    symlinkSync(join(REPOSITORY, 'src', part), join(root, 'src', part))
  }
  for (const file of ['platform.ts', 'parse-options.ts', 'cloud-identity.ts'])
    symlinkSync(join(REPOSITORY, 'src/platforms', file), join(root, 'src/platforms', file))
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(root, 'tsconfig.json'),
    JSON.stringify({
      extends: join(REPOSITORY, 'tsconfig.json'),
      compilerOptions: { preserveSymlinks: true, typeRoots: [join(REPOSITORY, 'node_modules/@types')] },
      include: ['src/platforms/my-cloud'],
    }),
  )
  const tsc = join(REPOSITORY, 'node_modules/.bin/tsc')
  expect(() => execFileSync(tsc, ['-p', root], { stdio: 'pipe', timeout: 60_000 })).not.toThrow()
})

it('refuses a malformed name and a name that is taken', () => {
  expect(() => newPlatform(root, 'My Cloud')).toThrow('is not a name')
  newPlatform(root, 'ec2')
  expect(() => newPlatform(root, 'ec2')).toThrow('exists')
  expect(existsSync(join(root, 'src/platforms/My Cloud'))).toBe(false)
})
