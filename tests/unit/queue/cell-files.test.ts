import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CellFiles } from '../../../src/queue/cell-files.ts'

const CELL = 'fake/debian-13/default/container'
let runDir = ''

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'cell-files-'))
  mkdirSync(join(runDir, 'cells', CELL, 'logs'), { recursive: true })
})
afterEach(() => rmSync(runDir, { recursive: true, force: true }))

const at = (name: string) => join(runDir, 'cells', CELL, name)

async function sent(files: CellFiles): Promise<Record<string, number[]>> {
  const all: Record<string, number[]> = {}
  for await (const { path, offset, data } of files.pieces()) {
    const name = path.slice(`cells/${CELL}/`.length)
    all[name] = [...(all[name] ?? []), data.length]
    expect(offset).toBe((all[name] ?? []).slice(0, -1).reduce((sum, bytes) => sum + bytes, 0))
  }
  return all
}

test('every file goes once, in pieces, and again when it has changed', async () => {
  writeFileSync(at('logs/small.txt'), 'hello')
  writeFileSync(at('logs/empty.txt'), '')
  writeFileSync(at('large.bin'), Buffer.alloc(300_000))
  symlinkSync('/etc/passwd', at('link'))
  const files = new CellFiles(runDir, CELL)
  expect(await sent(files)).toEqual({
    'logs/small.txt': [5],
    'logs/empty.txt': [0],
    'large.bin': [131_072, 131_072, 37_856],
  })
  expect(await sent(files)).toEqual({})
  writeFileSync(at('logs/small.txt'), 'hello again')
  expect(await sent(files)).toEqual({ 'logs/small.txt': [11] })
})

test('a file without measure is cut, and that is told', async () => {
  writeFileSync(at('endless.log'), '')
  truncateSync(at('endless.log'), 33 * 1024 * 1024)
  const files = new CellFiles(runDir, CELL)
  const pieces = (await sent(files))['endless.log'] ?? []
  expect(pieces.reduce((sum, bytes) => sum + bytes, 0)).toBe(32 * 1024 * 1024)
  expect(files.takeLeftOut()).toEqual([`cells/${CELL}/endless.log`])
  expect(files.takeLeftOut()).toEqual([])
})

test('a cell without files sends nothing', async () => {
  expect(await sent(new CellFiles(runDir, 'other/cell'))).toEqual({})
})
