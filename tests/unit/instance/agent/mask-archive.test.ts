import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { registerSecret } from '../../../../src/core/redact.ts'
import { maskArchive } from '../../../../src/instance/agent/mask-archive.ts'

const folder = mkdtempSync(join(tmpdir(), 'mask-'))
const archive = join(folder, 'a.tar.gz')
afterAll(() => rmSync(folder, { recursive: true }))

test('secrets in files are masked, everything else stays, and tar still reads it', () => {
  registerSecret('the-secret-of-the-test')
  writeFileSync(join(folder, 'one'), 'before the-secret-of-the-test after\n')
  const binary = Uint8Array.from({ length: 1000 }, (_, index) => index % 256)
  writeFileSync(join(folder, 'two'), binary)
  execFileSync('tar', ['-C', folder, '-czf', archive, 'one', 'two'])
  writeFileSync(archive, maskArchive(readFileSync(archive)))
  expect(execFileSync('tar', ['-xzOf', archive, 'one'], { encoding: 'utf8' })).toBe('before *** after\n')
  expect(Buffer.compare(execFileSync('tar', ['-xzOf', archive, 'two']), Buffer.from(binary))).toBe(0)
})

test('what is no archive is refused', () => {
  expect(() => maskArchive(Buffer.from('not an archive'))).toThrow(/header/)
})
