import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunEvent } from '../../../src/results/event.ts'
import type { NewEvent } from '../../../src/runner/event-log.ts'
import { Inbox } from '../../../src/queue/inbox.ts'
import type { Message } from '../../../src/queue/messages.ts'

const CELL = 'fake/debian-13/default/container'
let runDir = ''
let events: NewEvent[] = []

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'inbox-test-'))
  events = []
})
afterEach(() => rmSync(runDir, { recursive: true, force: true }))

function inbox(...messages: Message[]): Inbox {
  const made = new Inbox({ runDir, events: { emit: (event) => void events.push(event) } })
  for (const message of messages) made.take({ id: '1', cell: CELL, message })
  return made
}

const file = (path: string, offset: number, text: string): Message => ({
  kind: 'file',
  path,
  offset,
  data: Buffer.from(text),
})
const started = (cell: string): RunEvent => ({ at: '2026-11-22T02:17:00.000Z', type: 'cell-started', cell, attempt: 1 })

test('pieces become files, and a file that is sent again is a new one', () => {
  const path = `cells/${CELL}/logs/console.log`
  inbox(file(path, 0, 'one '), file(path, 4, 'two'))
  expect(readFileSync(join(runDir, path), 'utf8')).toBe('one two')
  inbox(file(path, 0, 'new'))
  expect(readFileSync(join(runDir, path), 'utf8')).toBe('new')
})

test.each([
  'events.jsonl',
  '../outside',
  '/tmp/absolute',
  `cells/${CELL}/../other/file`,
  `cells/${CELL}/../../../../outside`,
  `cells/${CELL}-other/file`,
  'cells/other/debian/default/container/file',
])('a worker cannot write %s', (path) => {
  inbox(file(path, 0, 'x'))
  expect(existsSync(join(runDir, 'cells'))).toBe(false)
  expect(existsSync(join(runDir, path))).toBe(false)
})

test('a worker speaks only of its own cell, and not of the run', () => {
  const ended: RunEvent = { at: '', type: 'run-ended', status: 'pass', exitCode: 0, durationMs: 1 }
  inbox({ kind: 'events', events: [started('another/cell'), ended, started(CELL)] })
  expect(events).toEqual([started(CELL)])
})

test('what comes after the end of a cell is not heard', () => {
  const end = { status: 'pass' as const, leaks: 0 }
  const made = inbox(
    { kind: 'end', end },
    { kind: 'events', events: [started(CELL)] },
    { kind: 'end', end: { ...end, status: 'fail' } },
  )
  expect(events).toEqual([])
  expect(made.ends.get(CELL)).toEqual(end)
})

test('a cell that is given up ends in the attempt that was going on', () => {
  inbox({ kind: 'events', events: [started(CELL)] }).giveUp(CELL, 'nobody answers', true)
  expect(events.at(-1)).toMatchObject({
    type: 'cell-ended',
    attempt: 1,
    status: 'miss',
    reason: 'nobody answers',
    cancelled: true,
  })
})
