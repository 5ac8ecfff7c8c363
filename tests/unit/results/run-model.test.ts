import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { RunEvent } from '../../../src/results/event.ts'
import { parseEvents, readEvents } from '../../../src/results/read-events.ts'
import { foldEvents } from '../../../src/results/run-model.ts'
import {
  compareSubjects,
  countCells,
  countChecks,
  countedChecks,
  isProblem,
  leaksOf,
  worstFirst,
} from '../../../src/results/summary.ts'
import { cellOf, record, Recording } from '../../fixtures/events/recording.ts'
import { failing, interrupted, passing } from '../../fixtures/events/recordings.ts'

const folder = new URL('../../fixtures/events/', import.meta.url).pathname
const model = async (name: string) => foldEvents((await readEvents(`${folder}${name}.jsonl`)).events)

test('the recordings are what their generator makes', async () => {
  expect(await readFile(`${folder}passing.jsonl`, 'utf8')).toBe(passing().lines())
  expect(await readFile(`${folder}failing.jsonl`, 'utf8')).toBe(failing().lines())
  expect(await readFile(`${folder}interrupted.jsonl`, 'utf8')).toBe(interrupted())
})

test('a run that passed', async () => {
  const run = await model('passing')
  expect({ ...run, cells: run.cells.length, host: undefined }).toMatchInlineSnapshot(`
    {
      "argv": [
        "run",
        "--filter",
        "lxd/*",
      ],
      "cells": 3,
      "durationMs": 38142,
      "ended": true,
      "excluded": [
        {
          "id": "lxd/debian-13/default/virtual-machine",
          "reason": "this host has no /dev/kvm",
        },
      ],
      "exitCode": 0,
      "harness": "0.1.0",
      "host": undefined,
      "lastEventAt": "2026-08-22T10:15:38.142Z",
      "notSelected": [],
      "resumed": undefined,
      "runId": "20260822-101500-a1b2",
      "startedAt": "2026-08-22T10:15:00.000Z",
      "status": "pass",
    }
  `)
  const [, cell] = run.cells
  expect(cell?.steps.map(({ step, startMs, durationMs }) => [step, startMs, durationMs])).toMatchInlineSnapshot(`
    [
      [
        "image",
        0,
        310,
      ],
      [
        "rest-facts",
        310,
        940,
      ],
      [
        "launch",
        1250,
        620,
      ],
      [
        "first-boot",
        1870,
        4120,
      ],
      [
        "first-boot-facts",
        5990,
        870,
      ],
      [
        "upgrade",
        6860,
        9350,
      ],
      [
        "clean",
        16210,
        420,
      ],
      [
        "snapshot",
        16630,
        510,
      ],
      [
        "reboot",
        17140,
        4480,
      ],
      [
        "after-reboot-facts",
        21620,
        830,
      ],
      [
        "pair",
        22450,
        350,
      ],
      [
        "checks",
        22800,
        11254,
      ],
      [
        "collect",
        34054,
        1730,
      ],
      [
        "scan-logs",
        35784,
        178,
      ],
      [
        "destroy",
        35962,
        640,
      ],
    ]
  `)
  expect(countChecks(cell ? countedChecks(cell) : [])).toMatchInlineSnapshot(`
    {
      "done": 0,
      "error": 0,
      "fail": 0,
      "flaky": 1,
      "miss": 0,
      "pass": 15,
      "skip": 1,
      "total": 17,
      "waived": 1,
    }
  `)
  expect(countCells(run)).toMatchObject({ pass: 3, total: 3 })
})

test('what an upgrade broke, fixed and left', async () => {
  const run = await model('failing')
  const cell = run.cells.find((known) => known.summary.image === 'debian-13')
  const diff = cell && compareSubjects(cell)
  expect(diff?.broke.map(({ id }) => id)).toEqual(['reg-svc-failed', 'ci-status-done'])
  expect(diff?.fixed.map(({ id }) => id)).toEqual(['ssh-password-auth-off'])
  expect(diff?.stillFailing.map(({ id }) => id)).toEqual(['net-listeners'])
  expect(leaksOf(run)).toMatchObject([{ cell: 'lxd/debian-bad/default/container', hint: 'harness sweep' }])
  expect(run.cells.map(({ status }) => status)).toEqual(['pass', 'fail', 'fail', 'miss'])
  expect(
    worstFirst(cell?.checks ?? [])
      .filter(isProblem)
      .map(({ id }) => id)
      .slice(0, 3),
  ).toEqual(['id-no-host-keys', 'reg-svc-failed', 'log-ci-module-failed'])
})

test('log rules are compared although they leave no record where they do not hit', () => {
  const recording = new Recording()
  const cell = cellOf('debian-13', 'suite sid')
  const scan = record({ id: 'log-scan', title: '', suite: 'logs' })
  const hit = record({ id: 'log-x', title: '', suite: 'logs', status: 'fail' })
  recording.push({
    type: 'run-started',
    at: recording.stamp,
    version: 1,
    runId: 'r',
    harness: '',
    argv: [],
    host: {},
    cells: [cell],
    excluded: [],
  })
  for (const baseline of [true, false])
    recording.check(cell.id, { ...scan, baseline, subject: baseline ? 'image' : 'upgraded' })
  recording.check(cell.id, hit)
  recording.check(cell.id, { ...hit, id: 'log-y', baseline: true, subject: 'image' })
  const [folded] = foldEvents(recording.events).cells
  const diff = folded && compareSubjects(folded)
  expect([diff?.broke.map(({ id }) => id), diff?.fixed.map(({ id }) => id)]).toEqual([['log-x'], ['log-y']])
})

test('an interrupted run keeps what was known: cells that did not end are missed', async () => {
  const { events, unreadable } = await readEvents(`${folder}interrupted.jsonl`)
  expect(unreadable).toBe(1)
  const run = foldEvents(events)
  expect(run).toMatchObject({ ended: false, status: 'miss', exitCode: undefined })
  expect(run.cells.some((cell) => cell.steps.some((step) => step.outcome === 'running'))).toBe(true)
})

test('a second attempt replaces the first, and a check that then passes is flaky', () => {
  const cell = cellOf('debian-13', 'none')
  const base = { at: '2026-08-22T10:15:00.000Z', cell: cell.id }
  const fail = record({ id: 'a', title: 'a', status: 'fail' })
  const events: RunEvent[] = [
    {
      type: 'run-started',
      at: base.at,
      version: 1,
      runId: 'r',
      harness: '',
      argv: [],
      host: {},
      cells: [cell],
      excluded: [],
    },
    { type: 'cell-started', ...base, attempt: 1 },
    { type: 'step-started', ...base, attempt: 1, step: 'launch' },
    { type: 'cell-ended', ...base, attempt: 1, status: 'miss', reason: 'no capacity', durationMs: 5, boots: 0 },
    { type: 'cell-started', ...base, attempt: 2 },
    { type: 'check-ended', ...base, attempt: 2, record: fail },
    { type: 'step-ended', ...base, attempt: 1, step: 'launch', durationMs: 9, outcome: 'failed' },
    { type: 'check-ended', ...base, attempt: 2, record: { ...fail, status: 'pass' } },
    { type: 'cell-ended', ...base, attempt: 2, status: 'pass', durationMs: 7, boots: 1 },
  ]
  const run = foldEvents(events)
  expect(run.cells[0]).toMatchObject({
    attempt: 2,
    status: 'pass',
    steps: [],
    earlier: [{ attempt: 1, status: 'miss', reason: 'no capacity' }],
    checks: [{ status: 'pass', flaky: true }],
  })
  expect(run.cells[0]).not.toHaveProperty('reason')
  expect(countCells(run).flaky).toBe(1)
})

test('unknown types are ignored; files that are not events are refused', () => {
  const first = passing().lines().split('\n')[0] ?? ''
  expect(
    parseEvents(`${first}\n{"type":"from-the-future","at":"x"}\n{"type":"warning","at":"x"}\nnull\n[1]\n`, 'f'),
  ).toMatchObject({ unreadable: 3 })
  for (const text of ['', '{}', 'hello\n', '{"type":"run-ended","at":"x"}', '\u0000\u0001'])
    expect(() => parseEvents(text, 'f')).toThrow('f:1: this is not a file of run events')
  expect(() => parseEvents(first.replace('"version":1', '"version":2'), 'f')).toThrow('version 2')
  return expect(readEvents('/nonexistent')).rejects.toThrow('cannot read')
})
