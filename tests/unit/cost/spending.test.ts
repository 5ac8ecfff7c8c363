import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Reservation } from '../../../src/cost/hard-stops.ts'
import { Spending } from '../../../src/cost/spending.ts'
import type { Budget } from '../../../src/matrix/spending-settings.ts'

let folder: string
let today: string
let spending: Spending
const before = process.env['HARNESS_STATE_DIR']

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spending-test-'))
  process.env['HARNESS_STATE_DIR'] = folder
  today = '2026-11-22T12:00:00Z'
  spending = new Spending({ now: () => new Date(today) })
})

afterEach(() => {
  spending.close()
  if (before === undefined) delete process.env['HARNESS_STATE_DIR']
  else process.env['HARNESS_STATE_DIR'] = before
  rmSync(folder, { recursive: true, force: true })
})

function reserve(usd: number, budget: Budget, runId = 'run-1', platform = 'ec2', from = spending) {
  return from.reserve({ runId, cell: 'a', platform, usd }, budget)
}

function reserved(got: Reservation | { refused: string }): Reservation {
  if ('refused' in got) throw new Error(got.refused)
  return got
}

test('without a budget everything is written down and nothing refused', async () => {
  reserved(await reserve(1000, {}))
  expect(spending.spentOn()).toEqual([{ platform: 'ec2', cells: 1, usd: 1000, reservedUsd: 1000 }])
})

test('a run, a day and a platform have limits of their own', async () => {
  reserved(await reserve(3, { 'run-usd': 5 }))
  expect(await reserve(3, { 'run-usd': 5 })).toEqual({
    refused:
      'the budget of the run is used up: about $3.00 of $5.00 is spent or set aside, and this cell would cost about $3.00',
  })
  reserved(await reserve(3, { 'run-usd': 5 }, 'run-2'))
  expect(await reserve(1, { 'day-usd': 6.5 }, 'run-3')).toMatchObject({
    refused: expect.stringContaining('the day 2026-11-22'),
  })
  const gce = { 'platform-day-usd': { ec2: 6, gce: 2 } }
  expect(await reserve(1, gce, 'run-3', 'ec2')).toHaveProperty('refused')
  reserved(await reserve(1, gce, 'run-3', 'gce'))
})

test('what a cell really cost replaces what was set aside for it', async () => {
  await reserved(await reserve(5, { 'run-usd': 5 })).settle(1)
  reserved(await reserve(4, { 'run-usd': 5 }))
  expect(spending.spentOn()).toEqual([{ platform: 'ec2', cells: 2, usd: 5, reservedUsd: 4 }])
})

test('a new day begins at midnight UTC, and a run takes its limit along', async () => {
  reserved(await reserve(5, { 'day-usd': 5 }))
  today = '2026-11-23T00:00:00Z'
  reserved(await reserve(5, { 'day-usd': 5 }, 'run-2'))
  expect(await reserve(1, { 'run-usd': 5 })).toHaveProperty('refused')
  expect(spending.spentOn('2026-11-22')).toHaveLength(1)
})

test('another process sees it, and money of one that died stays set aside', async () => {
  reserved(await reserve(5, {}))
  const other = new Spending({ now: () => new Date(today) })
  expect(await reserve(1, { 'day-usd': 5 }, 'run-2', 'ec2', other)).toHaveProperty('refused')
  other.close()
})
