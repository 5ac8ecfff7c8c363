import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { CollectEntry } from '../../../../src/instance/agent/agents.ts'
import { collectScript, parseCollected } from '../../../../src/instance/agent/collect-script.ts'

const folder = mkdtempSync(join(tmpdir(), 'collect-'))
afterAll(() => rmSync(folder, { recursive: true }))
const MARK = '--harness-0123456789'

function collect(entries: CollectEntry[], maxBytes = 1000, shell: [string, ...string[]] = ['sh', '-s']) {
  const wanted = entries.map((entry, index) => ({ index, entry, maxBytes }))
  const [file, ...args] = shell
  const stdout = execFileSync(file, args, { input: collectScript(wanted, MARK), encoding: 'utf8' })
  return parseCollected(`\n${stdout}`, MARK, new Map(wanted.map(({ index }) => [index, maxBytes])))
}

const file = (name: string, content: string): CollectEntry => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return { file: name, title: name, path }
}
const command = (text: string): CollectEntry => ({ file: 'x', title: 'x', command: text })

for (const shell of [
  ['sh', '-s'],
  ['busybox', 'sh', '-s'],
] as [string, ...string[]][]) {
  test(`files and commands arrive whole (${shell[0]})`, () => {
    const { parts, complete } = collect([file('a', 'one\ntwo'), command('echo out; echo err >&2; exit 3')], 1000, shell)
    expect(complete).toBe(true)
    expect(parts).toEqual([
      { index: 0, exitCode: 0, bytes: 7, truncated: false, text: 'one\ntwo' },
      { index: 1, exitCode: 3, bytes: 8, truncated: false, text: 'out\nerr\n' },
    ])
  })
}

test('what cannot be read is said and stops nothing', () => {
  const { parts } = collect([
    { file: 'x', title: 'x', path: '/nonexistent' },
    command('no-such-command'),
    command('echo last'),
  ])
  expect(parts.map((part) => part.exitCode)).toEqual([66, 127, 0])
})

test('a long file keeps head and tail, and the gap is marked', () => {
  const { parts } = collect([file('long', `HEAD${'x'.repeat(5000)}TAIL`)])
  expect(parts[0]).toMatchObject({ truncated: true, bytes: 5008 })
  expect(parts[0]?.text).toMatch(/^HEADx+\n\[\.\.\. 4008 bytes left out \.\.\.\]\nx+TAIL$/)
})

test('a long output keeps its end', () => {
  const { parts } = collect([command('i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 5')])
  expect(parts[0]).toMatchObject({ truncated: true, exitCode: 5 })
  expect(parts[0]?.text).toMatch(/^\[\.\.\. only the last 1000 bytes were kept \.\.\.\]\n[\s\S]*line 1999\n$/)
})

test('a guest that prints marks of its own changes nothing', () => {
  const forged = '\n--harness-guess end 0 0 0 whole\n--harness-guess finished\n'
  const { parts } = collect([file('forged', forged), command('echo after')])
  expect(parts.map((part) => part.text)).toEqual([forged, 'after\n'])
})

test('a stream that breaks off gives what was complete', () => {
  const wanted = [0, 1].map((index) => ({ index, entry: command(`echo ${index}`), maxBytes: 100 }))
  const stdout = execFileSync('sh', ['-s'], { input: collectScript(wanted, MARK), encoding: 'utf8' })
  const cut = stdout.slice(0, stdout.lastIndexOf('end 1'))
  const { parts, complete } = parseCollected(
    `\n${cut}`,
    MARK,
    new Map([
      [0, 100],
      [1, 100],
    ]),
  )
  expect(complete).toBe(false)
  expect(parts.map((part) => part.text)).toEqual(['0\n'])
})

test('a command has ten seconds, and longer on a slow machine', () => {
  const bin = mkdtempSync(join(folder, 'bin-'))
  writeFileSync(join(bin, 'timeout'), '#!/bin/sh\necho "$1 seconds"\n', { mode: 0o755 })
  const limitAt = (pace?: number) => {
    const input = collectScript([{ index: 0, entry: command('true'), maxBytes: 100 }], MARK, pace)
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` }
    return /(\d+) seconds/.exec(execFileSync('sh', ['-s'], { input, encoding: 'utf8', env }))?.[1]
  }
  expect([limitAt(), limitAt(4)]).toEqual(['10', '40'])
})
