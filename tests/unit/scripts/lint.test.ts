import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'harness-lint-'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { target: 'es2024', strict: true, types: [] }, files: ['planted.ts'] }),
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  ['no-floating-promises', 'export function f() {\n  Promise.resolve(1)\n}\n'],
  ['no-floating-promises', 'export async function f(work: () => Promise<void>) {\n  work()\n}\n'],
  ['no-misused-promises', 'export const f = async (x: Promise<boolean>) => (x ? 1 : 2)\n'],
  ['no-explicit-any', 'export const f = (x: any) => String(x)\n'],
  ['no-console', "export const f = () => console.log('x')\n"],
  ['only-throw-error', "export function f() {\n  throw 'x'\n}\n"],
])('finds what %s is about', (rule, text) => {
  writeFileSync(join(folder, 'planted.ts'), text)
  const args = ['-c', join(ROOT, '.oxlintrc.json'), '--format', 'unix', 'planted.ts']
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/oxlint'), args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(stdout).toContain(rule)
  expect(status).toBe(1)
})
